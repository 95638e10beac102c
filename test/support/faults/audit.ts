import { runCommand } from "../command.ts";
/** The result of `bun run audit` for all topics of a config. */
export interface AuditReport {
  readonly code: number;
  /** Missing and duplicate records. */
  readonly gaps: number;
  readonly doubles: number;
}

/** Runs `bun run audit` as a process. @throws if it has no result */
export async function audit(config: object, ...args: readonly string[]): Promise<AuditReport> {
  const { out, error, code } = await runAudit(config, ["--json", ...args]);
  if (error !== "") throw new Error(`audit ended with ${code}: ${error}`);
  const { topics } = JSON.parse(out) as { topics: { verdict: { gaps: number; doubles: number } }[] };
  const sum = (name: "gaps" | "doubles"): number =>
    topics.reduce((total, { verdict }) => total + verdict[name], 0);
  return { code, gaps: sum("gaps"), doubles: sum("doubles") };
}

/** The same as text for people. */
export const runAudit = (config: object, args: readonly string[] = []) => runCommand("audit", config, args);
