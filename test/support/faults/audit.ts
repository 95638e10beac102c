import { runCommand } from "../command.ts";
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
export const runAudit = (config: object, args: readonly string[] = []) => runCommand("audit", config, args);
