import type { OutcomeKind, RetryReason, SetAside } from "../../../lib/rules/model/record.ts";
import type { Evidence } from "../../../lib/rules/outcomes/suspects.ts";

/** What one attempt made of its records, by position; null: try that record again. */
export interface AttemptResult {
  readonly outcomes: readonly (OutcomeKind | null)[];
  readonly retry: RetryReason | null;
  /** Absent: it tells nothing about whose fault a refusal is. */
  readonly evidence?: Evidence;
  /** Of records that were written in another form than their own: the field that was refused; null: none is known. */
  readonly gaveWay?: ReadonlyMap<number, string | null>;
}

/** What happened, for counters and logs; called per batch or bulk, never per record. */
export interface PumpEvents {
  consumed(records: number): void;
  outcomes(outcomes: readonly (OutcomeKind | null)[]): void;
  retried(reason: RetryReason, records: number): void;
  /** Records were written in another form than their own. @param fields of each the one that was refused */
  gaveWay(fields: Iterable<string | null>): void;
  /** A record batch became one dead letter. */
  setAside(batch: SetAside): void;
  commitFailed(error: unknown): void;
  /** A fault of ours: what runs has to be replaced. */
  broken(error: unknown): void;
}

/** The same of a topic, whichever pump it has: fields are counted by then. */
export interface TopicEvents extends Omit<PumpEvents, "broken" | "gaveWay"> {
  /** @param fields how many records, by field */
  gaveWay(fields: ReadonlyMap<string, number>): void;
}
