import { readFileSync } from "node:fs";
import { constants } from "node:os";
import { createSignalCount } from "../../../lib/rules/base/stop-signals.ts";

/** The reason of what a signal ended. */
export class Interruption extends Error {
  override readonly name = "Interruption";
  /** 128 + the signal's number, as shells have it. */
  readonly exitCode: number;

  constructor(message: string, signal: NodeJS.Signals) {
    super(message);
    this.exitCode = exitCodeOfSignal(signal);
  }
}

/** The signal that made something else fail: "Kafka does not answer: ended by SIGINT" says no true word of Kafka. */
export function interruptionBehind(error: unknown): Interruption | null {
  if (error instanceof Interruption) return error;
  return error instanceof Error && error.cause !== undefined ? interruptionBehind(error.cause) : null;
}

/**
 * Calls `onFirst` at the first signal to end, and `onSecond` at a second one. The same one twice within a second is one:
 * Ctrl-C reaches `bun run` and what it runs, and the former passes it on.
 *
 * As process 1 of a container nobody else handles signals, so an unhandled SIGTERM would be ignored.
 */
export function onStopSignals(
  onFirst: (signal: NodeJS.Signals) => void,
  onSecond: (signal: NodeJS.Signals) => void,
): void {
  const count = createSignalCount(() => performance.now());
  const onSignal = (signal: NodeJS.Signals): void => {
    const which = count(signal);
    if (which === "first") onFirst(signal);
    else if (which === "second") onSecond(signal);
  };
  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);
  if (!isHangUpIgnored()) process.on("SIGHUP", onSignal);
}

/**
 * Aborts, with an Interruption, at the first signal to end, so that what was begun ends in order; a second one ends the process at once.
 * @param describe what the reason says
 */
export function abortOnSignals(
  describe: (signal: NodeJS.Signals) => string = (signal) => `ended by ${signal}`,
): AbortSignal {
  const controller = new AbortController();
  onStopSignals(
    (signal) => controller.abort(new Interruption(describe(signal), signal)),
    (signal) => process.exit(exitCodeOfSignal(signal)),
  );
  return controller.signal;
}

function exitCodeOfSignal(signal: NodeJS.Signals): number {
  return 128 + constants.signals[signal];
}

/** By `nohup`, which a handler would undo. */
function isHangUpIgnored(): boolean {
  try {
    const [, ignored = "0"] = /^SigIgn:\s*(\w+)$/m.exec(readFileSync("/proc/self/status", "utf8")) ?? [];
    return (BigInt(`0x${ignored}`) & 1n) === 1n;
  } catch {
    // Not Linux, which alone tells it so.
    return false;
  }
}
