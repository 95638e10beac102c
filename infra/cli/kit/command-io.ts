import { takeProxyVariables } from "../../../lib/adapters/system/proxy-environment.ts";
import { endOnFaults } from "./faults.ts";
import { abortOnSignals } from "./stop-signal.ts";
import { printOut, type TerminalOutput } from "./terminal.ts";

/** The surroundings of a command. */
export interface CommandIo {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Standard output; makes others' text visible. */
  readonly out: (text: string) => void;
  /** The same as it is: for text that was made visible, and then coloured. */
  readonly painted: TerminalOutput;
  readonly error: TerminalOutput;
  readonly signal: AbortSignal;
  /** Aborted once standard output cannot be written: a command without an end of its own ends. */
  readonly outputLost: AbortSignal;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** In [0, 1), for the backoff's jitter. */
  readonly random: () => number;
}

/**
 * Runs a command in the process's own surroundings, and ends the process with the exit code that it returns.
 * @param describe the message if a signal ended it
 */
export async function runCommand(
  argv: readonly string[],
  main: (argv: readonly string[], io: CommandIo) => Promise<number>,
  describe?: (signal: NodeJS.Signals) => string,
): Promise<never> {
  const exitWith = endOnFaults();
  const code = await main(argv, {
    environment: takeProxyVariables(process.env),
    out: printOut,
    painted: process.stdout,
    error: process.stderr,
    signal: abortOnSignals(describe),
    outputLost: exitWith.outputLost,
    now: () => Date.now(),
    random: () => Math.random(),
  });
  return exitWith(code);
}
