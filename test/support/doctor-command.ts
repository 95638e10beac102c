import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import type { Check } from "../../lib/rules/diagnosis/check.ts";

const COMMAND = join(import.meta.dir, "../../infra/cli/doctor.ts");

/** Runs `bun run doctor` as its own process, with this config. */
export async function runDoctor(config: object, ...args: string[]) {
  const folder = await mkdtemp(join(tmpdir(), "penstock-doctor-"));
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

/** The same with `--json`, and a way to find a check by how its name begins. */
export async function diagnosed(config: object) {
  const { out, error, code } = await runDoctor(config, "--json");
  if (out === "") throw new Error(`doctor ended with ${code}: ${error}`);
  const { checks } = JSON.parse(out) as { checks: Check[] };
  return {
    code,
    checks,
    out,
    error,
    find: (name: string) => checks.find((check) => check.name.startsWith(name)),
    /** Those that are neither well nor left out. */
    troubles: checks.filter(({ state }) => state === "failed" || state === "warning"),
  };
}
