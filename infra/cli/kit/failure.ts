import { messageOf, PenstockError } from "../../../lib/rules/base/errors.ts";
import { ExitCode, exitCodeOf } from "./exit-code.ts";
import { interruptionBehind } from "./stop-signal.ts";

export interface FailureReport {
  /** The command's `--help`; its first line is repeated on wrong usage. */
  readonly help: string;
  /** True: `{ "error": { "code", "message", "exitCode" } }` on one line, with `usage` on wrong usage. */
  readonly json: boolean;
  /** To standard error. */
  readonly write: (text: string) => void;
}

/** Reports the error that ended a command. @returns the exit code */
export function reportFailure(failure: unknown, { help, json, write }: FailureReport): number {
  const error = interruptionBehind(failure) ?? failure;
  const exitCode = exitCodeOf(error);
  // The message has one line for each problem of a config file; messageOf would join them.
  const message =
    exitCode === ExitCode.badConfig && error instanceof Error ? error.message : messageOf(error);
  const usage = exitCode === ExitCode.usage ? help.slice(0, help.indexOf("\n")) : undefined;
  if (json) {
    const code = error instanceof PenstockError ? error.code : "failed";
    write(`${JSON.stringify({ error: { code, message, exitCode, usage } })}\n`);
    return exitCode;
  }
  write(`${message}\n`);
  if (usage !== undefined) write(`${usage} (see --help)\n`);
  return exitCode;
}
