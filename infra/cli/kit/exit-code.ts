import { PenstockError } from "../../../lib/rules/base/errors.ts";
import { interruptionBehind } from "./stop-signal.ts";

/** The exit codes of all commands; 70 and 78 are EX_SOFTWARE and EX_CONFIG of sysexits. */
export const ExitCode = { done: 0, failed: 1, usage: 2, changes: 3, hung: 70, badConfig: 78 } as const;

/** Returns the exit code for an error that ended a command. */
export function exitCodeOf(error: unknown): number {
  const interruption = interruptionBehind(error);
  if (interruption !== null) return interruption.exitCode;
  if (!(error instanceof PenstockError)) return ExitCode.failed;
  if (error.code === "usage") return ExitCode.usage;
  if (error.code === "config_invalid" || error.code === "config_unreadable") return ExitCode.badConfig;
  return ExitCode.failed;
}
