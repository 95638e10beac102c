import type { Logger } from "../../../lib/rules/base/logger.ts";
import type { WatchdogMessage } from "./watchdog-thread.ts";

/** Ends a host whose event loop stands still: one that holds its partitions and is dead is worse than a restart. */
export interface Watchdog {
  /** What the host does now, for the log of its end. */
  note(doing: string): void;
  /** The host stops, and has to be gone by then, whether its event loop turns or not. */
  stopWithin(deadlineMs: number): void;
}

export interface WatchdogOptions {
  /** For how long the event loop may stand still. */
  readonly limitMs: number;
  /** As the log is written. */
  readonly pretty: boolean;
  readonly logger: Logger;
}

const TICK_MS = 1_000;

/** Starts a thread of its own that looks every second whether the event loop still turns. Not under a debugger, which stops it. */
export function startWatchdog({ limitMs, pretty, logger }: WatchdogOptions): Watchdog {
  if (isDebugged()) return { note() {}, stopWithin() {} };
  const beats = new Int32Array(new SharedArrayBuffer(4));
  const thread = new Worker(new URL("./watchdog-thread.ts", import.meta.url).href, { smol: true });
  const tell = (message: WatchdogMessage): void => thread.postMessage(message, []);
  thread.addEventListener("error", ({ message }) =>
    logger.warn("nothing watches whether the event loop turns", { error: message }),
  );
  thread.unref();
  setInterval(() => Atomics.add(beats, 0, 1), TICK_MS).unref();
  tell({ kind: "watch", beats, tickMs: TICK_MS, limitTicks: Math.ceil(limitMs / TICK_MS), pretty });
  return {
    note: (doing) => tell({ kind: "doing", doing }),
    stopWithin: (deadlineMs) => tell({ kind: "stop", ticks: Math.ceil(deadlineMs / TICK_MS) }),
  };
}

function isDebugged(): boolean {
  return process.execArgv.some((word) => word.startsWith("--inspect")) || "BUN_INSPECT" in process.env;
}
