import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";

const COMMAND = join(import.meta.dir, "../../../infra/cli/audit.ts");

/** What `bun run audit` says of all topics of a config. */
export interface AuditReport {
  readonly code: number;
  /** Records missing, and records there more than once. */
  readonly gaps: number;
  readonly doubles: number;
}

/** Runs `bun run audit` as its own process. @throws where it could not tell */
export async function audit(config: object, ...args: readonly string[]): Promise<AuditReport> {
  const { out, error, code } = await runAudit(config, ["--json", ...args]);
  if (error !== "") throw new Error(`audit ended with ${code}: ${error}`);
  const { topics } = JSON.parse(out) as { topics: { verdict: { gaps: number; doubles: number } }[] };
  const sum = (name: "gaps" | "doubles"): number =>
    topics.reduce((total, { verdict }) => total + verdict[name], 0);
  return { code, gaps: sum("gaps"), doubles: sum("doubles") };
}

/** The same as text for people. */
export async function runAudit(config: object, args: readonly string[] = []) {
  const folder = await mkdtemp(join(tmpdir(), "penstock-audit-"));
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
