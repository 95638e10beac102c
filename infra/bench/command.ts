import { messageOf } from "../../lib/rules/errors.ts";

/**
 * Runs one of the bench's commands: its arguments, its help, an end by a signal, and its exit code.
 * @param parse null: help was asked for; throws saying what is wrong with the usage
 * @returns 0, 1 where measuring failed, 2 where the usage is wrong
 */
export async function runBench<T>(
  usage: string,
  parse: (args: string[]) => T | null,
  measure: (invocation: T, signal: AbortSignal) => Promise<void>,
): Promise<number> {
  let invocation: T | null;
  try {
    invocation = parse(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${messageOf(error)}\n\n${usage}`);
    return 2;
  }
  if (invocation === null) {
    process.stdout.write(usage);
    return 0;
  }
  const interrupted = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
    process.once(signal, () => interrupted.abort(new Error(`ended by ${signal}`)));
  try {
    await measure(invocation, interrupted.signal);
    return 0;
  } catch (error) {
    process.stderr.write(`${messageOf(error)}\n`);
    return 1;
  }
}

/** The value of an option. @throws naming the option, the value and the rule */
export function wholeNumber(option: string, value: string, least: number): number {
  if (/^\d{1,9}$/.test(value) && Number(value) >= least) return Number(value);
  throw new Error(`--${option} is "${value}": it must be a whole number, at least ${least}`);
}
