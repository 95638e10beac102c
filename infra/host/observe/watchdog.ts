import type { Logger } from "../../../lib/rules/base/logger.ts";
import type { WatchdogMessage } from "./watchdog-thread.ts";

/** Ends a host whose event loop is blocked: holding partitions without processing them is worse than a restart. */
export interface Watchdog {
  /** What the host is doing now, for the last log line. */
  note(doing: string): void;
  /** The host is stopping: ends the process after the deadline, even if the event loop is blocked. */
  stopWithin(deadlineMs: number): void;
}

export interface WatchdogOptions {
  /** How long the event loop may be blocked. */
  readonly limitMs: number;
  /** Whether log lines are written for people. */
  readonly pretty: boolean;
  readonly logger: Logger;
}

const TICK_MS = 1_000;

/** Starts a thread that checks once a second whether the event loop still runs. Does nothing under a debugger, which pauses the loop. */
export function startWatchdog({ limitMs, pretty, logger }: WatchdogOptions): Watchdog {
  if (isDebugged()) return { note() {}, stopWithin() {} };
  const beats = new Int32Array(new SharedArrayBuffer(4));
  const thread = new Worker(new URL("./watchdog-thread.ts", import.meta.url).href, { smol: true });
  const tell = (message: WatchdogMessage): void => thread.postMessage(message, []);
  thread.addEventListener("error", ({ message }) =>
    logger.warn("the watchdog failed; a blocked event loop will go unnoticed", { error: message }),
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
