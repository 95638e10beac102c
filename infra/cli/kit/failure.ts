import { messageOf, PenstockError } from "../../../lib/rules/base/errors.ts";
import { ExitCode, exitCodeOf } from "./exit-code.ts";
import { interruptionBehind } from "./stop-signal.ts";

/** What a command says of its failure. */
export interface FailureReport {
  /** Its `--help`, the first line of which is repeated where the usage is wrong. */
  readonly help: string;
  /** True: `{ "error": { "code", "message", "exitCode" } }`, on one line; of wrong usage also `usage`. */
  readonly json: boolean;
  /** To standard error. */
  readonly write: (text: string) => void;
}

/**
 * Says what ended a command.
 * @returns the exit status
 */
export function reportFailure(failure: unknown, { help, json, write }: FailureReport): number {
  const error = interruptionBehind(failure) ?? failure;
  const exitCode = exitCodeOf(error);
  // A config file's problems stand on a line each, which messageOf would join.
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
