import { PenstockError } from "../../../lib/rules/base/errors.ts";
import { interruptionBehind } from "./stop-signal.ts";

/** What every command's exit status means; 70 and 78 are sysexits' EX_SOFTWARE and EX_CONFIG. */
export const ExitCode = { done: 0, failed: 1, usage: 2, hung: 70, badConfig: 78 } as const;

/** The exit status for an error that ended a command. */
export function exitCodeOf(error: unknown): number {
  const interruption = interruptionBehind(error);
  if (interruption !== null) return interruption.exitCode;
  if (!(error instanceof PenstockError)) return ExitCode.failed;
  if (error.code === "usage") return ExitCode.usage;
  if (error.code === "config_invalid" || error.code === "config_unreadable") return ExitCode.badConfig;
  return ExitCode.failed;
}
