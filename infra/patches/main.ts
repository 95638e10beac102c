import { join } from "node:path";
import { assemble, readParts } from "./assemble.ts";

/** `bun run patch`: assembles the kafkajs patch from its parts. */
const installed = join(import.meta.dir, "../../node_modules/kafkajs");
const whole = join(import.meta.dir, "kafkajs@2.2.4.patch");
const parts = await readParts(join(import.meta.dir, "kafkajs"));
const patch = await assemble(installed, await Bun.file(whole).text(), parts);
await Bun.write(whole, patch);
process.stdout.write(
  `wrote infra/patches/kafkajs@2.2.4.patch from ${parts.length} parts; \`bun install\` applies it\n`,
);
