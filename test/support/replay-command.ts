import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";

const COMMAND = join(import.meta.dir, "../../infra/cli/replay.ts");

/** Runs `bun run replay` as its own process, with this config. */
export async function runReplay(config: object, ...args: string[]) {
  const folder = await mkdtemp(join(tmpdir(), "penstock-replay-"));
  try {
    const file = join(folder, "config.yaml");
    await writeFile(file, stringify(config));
    await using child = Bun.spawn([process.execPath, COMMAND, "--config", file, ...args], {
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

/** The same with `--json`; fails where it says nothing on stdout. */
export async function replayJson(config: object, ...args: string[]) {
  const { out, error, code } = await runReplay(config, "--json", ...args);
  if (out === "") throw new Error(`replay ended with ${code}: ${error}`);
  return { result: JSON.parse(out) as Record<string, unknown>, error, code };
}
