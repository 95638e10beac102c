import type { LogFields, Logger } from "../../rules/base/logger.ts";

/** A failure that may repeat; `reason` is a short code, never free text, so that repetitions can be recognized. */
export interface FailureFields extends LogFields {
  /** Absent for a failure of the whole host. */
  readonly topic?: string;
  readonly reason: string;
}

export interface ThrottledLogger {
  warn(message: string, fields: FailureFields): void;
  error(message: string, fields: FailureFields): void;
  /** Logs suppressed failures whose interval is over and forgets those that stopped; call it now and then. */
  flush(): void;
}

export interface ThrottleOptions {
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly intervalMs?: number;
}

interface Failure {
  loggedAt: number;
  leftOut: number;
  /** Logs the latest suppressed failure. */
  log: (leftOut: number) => void;
}

/**
 * Logs a repeating failure once per topic and reason in 30 s; `leftOut` of the next line counts those suppressed.
 * The host's own log may be one of the topics it moves, so that an unthrottled failure would feed itself.
 */
export function createThrottledLogger(logger: Logger, options: ThrottleOptions): ThrottledLogger {
  const { now, intervalMs = 30_000 } = options;
  const failures = new Map<string, Failure>();

  const write = (as: "warn" | "error") => (message: string, fields: FailureFields) => {
    const key = JSON.stringify([fields.topic ?? null, fields.reason]);
    const log = (leftOut: number) => logger[as](message, leftOut === 0 ? fields : { ...fields, leftOut });
    const failure = failures.get(key);
    if (failure !== undefined && now() - failure.loggedAt < intervalMs) {
      failure.leftOut += 1;
      failure.log = log;
      return;
    }
    log(failure?.leftOut ?? 0);
    failures.set(key, { loggedAt: now(), leftOut: 0, log });
  };

  return {
    warn: write("warn"),
    error: write("error"),
    flush() {
      for (const [key, failure] of failures) {
        if (now() - failure.loggedAt < intervalMs) continue;
        if (failure.leftOut === 0) {
          failures.delete(key);
          continue;
        }
        failure.log(failure.leftOut);
        failure.loggedAt = now();
        failure.leftOut = 0;
      }
    },
  };
}
