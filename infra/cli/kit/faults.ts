import { setImmediate } from "node:timers/promises";
import { messageOf } from "../../../lib/rules/base/errors.ts";
import { ExitCode } from "./exit-code.ts";
import { printError } from "./terminal.ts";

/** A pipe whose reader closed it, and a closed terminal. */
const READER_IS_GONE: ReadonlySet<unknown> = new Set(["EPIPE", "EIO"]);

/** Ends the process once its output is written. A client that waits for an answer could keep the event loop for minutes. */
export interface ExitWith {
  (code: number): Promise<never>;
  /** Aborted once standard output cannot be written: nobody reads what follows. */
  readonly outputLost: AbortSignal;
}

/**
 * Ends the process on an unhandled error, and prints only its message. The runtime would print its fields too, and a library's
 * error may contain the client with its logins, or the request. Includes {@link tolerateLostOutput}.
 */
export function endOnFaults(): ExitWith {
  const end = (error: unknown): void => {
    printError(`unhandled error: ${messageOf(error)}\n`);
    process.exit(ExitCode.failed);
  };
  process.on("uncaughtException", end);
  process.on("unhandledRejection", end);
  return tolerateLostOutput();
}

/**
 * If the reader has gone (`| head -1`, a closed terminal), the command goes on and exits with its result. If output cannot be
 * written for another reason, such as a full disk, the command says so on standard error and fails.
 */
export function tolerateLostOutput(): ExitWith {
  const lost = new AbortController();
  let reason: string | null = null;
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    lost.abort();
    if (!READER_IS_GONE.has(error.code)) reason ??= messageOf(error);
  });
  process.stderr.on("error", () => {
    // Nothing can be reported.
  });
  process.on("exit", (code) => {
    if (reason === null) return;
    if (code === ExitCode.done) process.exitCode = ExitCode.failed;
    printError(`standard output could not be written: ${reason}\n`);
  });
  const exitWith = async (code: number): Promise<never> => {
    // A failed write is reported in the next turn, and a failed stream never ends.
    await setImmediate();
    if (!lost.signal.aborted) {
      await new Promise<void>((over) => {
        process.stdout.once("error", () => over());
        process.stdout.end(over);
      });
    }
    process.exit(code);
  };
  return Object.assign(exitWith, { outputLost: lost.signal });
}
