import type { LogFields, Logger } from "../../rules/base/logger.ts";

/** A failure that may repeat; `reason` is a short code, never free text, so that repetitions are told to be the same. */
export interface FailureFields extends LogFields {
  /** Absent: a failure of the host, not of one topic. */
  readonly topic?: string;
  readonly reason: string;
}

export interface ThrottledLogger {
  warn(message: string, fields: FailureFields): void;
  error(message: string, fields: FailureFields): void;
  /** Writes the counts whose interval is over and forgets the failures that have ceased; call it now and then. */
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
  /** Writes the newest of those left out. */
  log: (leftOut: number) => void;
}

/**
 * Lets a repeating failure through once per topic and reason in 30 s; the next line says in `leftOut` how many were
 * held back. The host's own log may be one of the topics it moves: without this, a failure would feed itself.
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
