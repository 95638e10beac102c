import { setImmediate } from "node:timers/promises";
import { messageOf } from "../../../lib/rules/base/errors.ts";
import { ExitCode } from "./exit-code.ts";
import { printError } from "./terminal.ts";

/** Of a pipe whose other end is closed, and of a terminal that is. */
const READER_IS_GONE: ReadonlySet<unknown> = new Set(["EPIPE", "EIO"]);

/** Ends a command once its output is written. Not left to the event loop, which a client that waits for an answer keeps for minutes. */
export type ExitWith = (code: number) => Promise<never>;

/**
 * Ends the process on an error that nobody handled, with its message alone on standard error. The runtime would print its fields
 * too, and a library's error may hold the client, logins and all, or the request. With {@link tolerateLostOutput}.
 */
export function endOnFaults(): ExitWith {
  const end = (error: unknown): void => {
    printError(`an error nobody handled: ${messageOf(error)}\n`);
    process.exit(ExitCode.failed);
  };
  process.on("uncaughtException", end);
  process.on("unhandledRejection", end);
  return tolerateLostOutput();
}

/**
 * A command whose reader is gone (`| head -1`, a closed terminal) goes on to its end, and exits with what it found. One whose output
 * cannot be written otherwise, as on a full disk, says so on standard error and has failed.
 */
export function tolerateLostOutput(): ExitWith {
  let failed = false;
  let reason: string | null = null;
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    failed = true;
    if (!READER_IS_GONE.has(error.code)) reason ??= messageOf(error);
  });
  process.stderr.on("error", () => {
    // Nobody is left to be told.
  });
  process.on("exit", (code) => {
    if (reason === null) return;
    if (code === ExitCode.done) process.exitCode = ExitCode.failed;
    printError(`standard output could not be written: ${reason}\n`);
  });
  return async (code) => {
    // A failure is told in the next turn, and an output that failed has no end.
    await setImmediate();
    if (!failed) {
      await new Promise<void>((over) => {
        process.stdout.once("error", () => over());
        process.stdout.end(over);
      });
    }
    process.exit(code);
  };
}
