import { constants } from "node:os";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** The reason of what a signal ended. */
export class Interruption extends Error {
  override readonly name = "Interruption";
  /** 128 + the signal's number, as shells have it. */
  readonly exitCode: number;

  constructor(message: string, signal: NodeJS.Signals) {
    super(message);
    this.exitCode = 128 + constants.signals[signal];
  }
}

/**
 * Aborts, with an Interruption, at the first signal to end, so that what was begun ends in order; a second one ends the process at once.
 * @param describe what the reason says
 */
export function abortOnSignals(
  describe: (signal: NodeJS.Signals) => string = (signal) => `ended by ${signal}`,
): AbortSignal {
  const controller = new AbortController();
  const onSignal = (signal: NodeJS.Signals): void => {
    for (const name of SIGNALS) process.off(name, onSignal);
    controller.abort(new Interruption(describe(signal), signal));
  };
  for (const name of SIGNALS) process.on(name, onSignal);
  return controller.signal;
}
