import { readFileSync } from "node:fs";
import { constants } from "node:os";
import { createSignalCount } from "../../../lib/rules/base/stop-signals.ts";

/** The reason if a signal ended something. */
export class Interruption extends Error {
  override readonly name = "Interruption";
  /** 128 + the signal's number, as in shells. */
  readonly exitCode: number;

  constructor(message: string, signal: NodeJS.Signals) {
    super(message);
    this.exitCode = exitCodeOfSignal(signal);
  }
}

/** Finds the signal behind another error: "Kafka does not answer: ended by SIGINT" would blame Kafka. */
export function interruptionBehind(error: unknown): Interruption | null {
  if (error instanceof Interruption) return error;
  return error instanceof Error && error.cause !== undefined ? interruptionBehind(error.cause) : null;
}

/**
 * Calls `onFirst` at the first signal to end, and `onSecond` at the second. The same signal twice within a second counts once:
 * Ctrl-C reaches both `bun run` and its child, and `bun run` passes it on.
 *
 * Process 1 of a container has no default handlers, so an unhandled SIGTERM would be ignored.
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
 * Aborts with an Interruption at the first signal, so that work can end in order. A second signal ends the process at once.
 * @param describe the message of the reason
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

/** Ignored by `nohup`; a handler would undo that. */
function isHangUpIgnored(): boolean {
  try {
    const [, ignored = "0"] = /^SigIgn:\s*(\w+)$/m.exec(readFileSync("/proc/self/status", "utf8")) ?? [];
    return (BigInt(`0x${ignored}`) & 1n) === 1n;
  } catch {
    // Only Linux has this file.
    return false;
  }
}
