import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";

/** Runs a command of infra/cli as a process, with this config in its own folder. */
export async function runCommand(
  name: "audit" | "doctor" | "explain" | "replay" | "topics",
  config: object,
  args: readonly string[],
) {
  const folder = await mkdtemp(join(tmpdir(), `penstock-${name}-`));
  try {
    const file = join(folder, "config.yaml");
    await writeFile(file, stringify(config));
    const command = join(import.meta.dir, `../../infra/cli/${name}.ts`);
    await using child = Bun.spawn([process.execPath, command, ...args, "--config", file], {
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
    });
    const [out, error, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
    return { out, error, code };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
