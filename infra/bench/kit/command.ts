import { wantsJson } from "../../cli/kit/arguments.ts";
import { reportFailure } from "../../cli/kit/failure.ts";
import { tolerateLostOutput } from "../../cli/kit/faults.ts";
import { abortOnSignals } from "../../cli/kit/stop-signal.ts";
import { printError, printOut } from "../../cli/kit/terminal.ts";

export const BENCH_EXIT_CODES = "0 measured, 1 measuring failed, 2 wrong usage, 128 + signal if ended by one";

/**
 * Runs one of the bench's commands: arguments, help, signals and exit code.
 * @param parse returns null if help was asked for; throws on wrong usage
 * @returns the exit code, see BENCH_EXIT_CODES
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
