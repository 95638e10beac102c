import { wantsJson } from "../../cli/kit/arguments.ts";
import { reportFailure } from "../../cli/kit/failure.ts";
import { tolerateLostOutput } from "../../cli/kit/faults.ts";
import { abortOnSignals } from "../../cli/kit/stop-signal.ts";
import { printError, printOut } from "../../cli/kit/terminal.ts";

/** Of all of the bench's commands. */
export const BENCH_EXIT_CODES =
  "0 measured, 1 measuring failed, 2 wrong usage, 128 + signal where one ended it";

/**
 * Runs one of the bench's commands: its arguments, its help, an end by a signal, and its exit code.
 * @param parse null: help was asked for; throws saying what is wrong with the usage
 * @returns 0, 1 where measuring failed, 2 where the usage is wrong, 128 + signal where one ended it
 */
export async function runBench<T>(
  help: string,
  parse: (args: string[]) => T | null,
  measure: (invocation: T, signal: AbortSignal) => Promise<void>,
): Promise<number> {
  const argv = process.argv.slice(2);
  tolerateLostOutput();
  try {
    const invocation = parse(argv);
    if (invocation === null) printOut(help);
    else await measure(invocation, abortOnSignals());
    return 0;
  } catch (error) {
    return reportFailure(error, {
      help,
      json: wantsJson(argv),
      write: printError,
    });
  }
}
