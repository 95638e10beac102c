import { join } from "node:path";
import { configJsonSchema } from "../../lib/rules/config/json-schema.ts";

/**
 * `bun run schema`: writes the JSON Schema of the config file, from which editors complete and check.
 * With `--check` it writes nothing and exits 1 where the file is out of date.
 */
const target = join(import.meta.dir, "..", "config.schema.json");
const wanted = `${JSON.stringify(configJsonSchema(), null, 2)}\n`;

if (process.argv.includes("--check")) {
  const file = Bun.file(target);
  const isCurrent = (await file.exists()) && (await file.text()) === wanted;
  if (!isCurrent) process.stderr.write("infra/config.schema.json is out of date: run `bun run schema`\n");
  process.exitCode = isCurrent ? 0 : 1;
} else {
  await Bun.write(target, wanted);
  process.stdout.write("wrote infra/config.schema.json\n");
}
