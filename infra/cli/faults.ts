import { messageOf } from "../../lib/rules/errors.ts";
import { ExitCode } from "./exit-code.ts";

/**
 * Ends the process on an error that nobody handled, with its message alone. The runtime would print its fields too, and a
 * library's error may hold the client, logins and all, or the request.
 * @param write to standard error
 */
export function endOnFaults(write: (text: string) => void): void {
  const end = (error: unknown): void => {
    write(`an error nobody handled: ${messageOf(error)}\n`);
    process.exit(ExitCode.failed);
  };
  process.on("uncaughtException", end);
  process.on("unhandledRejection", end);
}
