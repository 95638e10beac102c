/**
 * The codes of `PenstockError`, the class of every error Penstock throws on purpose.
 * Whether to try again is decided where the error is created, and stored in it.
 */
export type ErrorCode =
  | "config_unreadable"
  | "config_invalid"
  | "usage"
  | "kafka_unavailable"
  | "kafka_refused"
  | "topic_missing"
  | "topic_recreated"
  | "consumer_crashed"
  | "elasticsearch_unavailable"
  | "elasticsearch_refused"
  | "etcd_unavailable"
  | "etcd_refused"
  | "etcd_conflict"
  | "http_unavailable"
  | "host_unavailable"
  | "host_refused"
  | "event_invalid"
  | "deadline_exceeded"
  | "stopping"
  | "stack";

export class PenstockError extends Error {
  override readonly name = "PenstockError";
  readonly code: ErrorCode;
  /** True if the same call may succeed later although nobody changed anything. */
  readonly retryable: boolean;

  constructor(code: ErrorCode, message: string, options: { retryable?: boolean; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.retryable = options.retryable ?? false;
  }
}

/** What somebody asked for is wrong as it stands: one sentence that names it and the rule. */
export function usage(sentence: string): PenstockError {
  return new PenstockError("usage", sentence);
}

/** A stopping host refuses new work with this. The same host or another can do it later. */
export function hostStopping(): PenstockError {
  return new PenstockError("stopping", "the host is stopping", { retryable: true });
}

/** The message of anything that was thrown, on one line. */
export function messageOf(thrown: unknown): string {
  const text = thrown instanceof Error ? thrown.message || thrown.name : String(thrown);
  return text.replace(/\s+/g, " ").trim();
}
