import { messageOf } from "../../lib/rules/errors.ts";
import { ExitCode, exitCodeOf } from "./exit-code.ts";

/**
 * Says on stderr what ended a command.
 * @param command its script's name
 * @returns the exit status
 */
export function reportFailure(error: unknown, command: string, write: (text: string) => void): ExitCode {
  const code = exitCodeOf(error);
  // A config file's problems stand on a line each, which messageOf would join.
  write(`${code === ExitCode.badConfig && error instanceof Error ? error.message : messageOf(error)}\n`);
  if (code === ExitCode.usage) write(`Try: bun run ${command} --help\n`);
  return code;
}
