import type { OutcomeKind, RetryReason, SourceRecord } from "../../lib/rules/record.ts";
import type { BulkGate } from "./bulk-gate.ts";
import type { ByteShare } from "./byte-budget.ts";
import type { ProgressClock } from "./progress-clock.ts";

/** What one attempt made of its records, by position; null: try that record again. */
export interface AttemptResult {
  readonly outcomes: readonly (OutcomeKind | null)[];
  readonly retry: RetryReason | null;
}

export interface PumpDeps {
  /** One bounded attempt. Never throws for what servers do. */
  ingest(records: readonly SourceRecord[], attempt: number, signal: AbortSignal): Promise<AttemptResult>;
  readonly gate: BulkGate;
  readonly share: ByteShare;
  /** The topic's, whichever pump it has. */
  readonly clock: ProgressClock;
  /** Bounds of one attempt's records, and how many attempts of this topic may be under way. */
  limits(): { readonly maxDocuments: number; readonly maxBytes: number; readonly concurrency: number };
  readonly now: () => number;
  readonly random: () => number;
  readonly events: PumpEvents;
}

/** What happened, for counters and logs; called per batch or bulk, never per record. */
export interface PumpEvents {
  consumed(records: number): void;
  outcomes(outcomes: readonly (OutcomeKind | null)[]): void;
  retried(reason: RetryReason, records: number): void;
  commitFailed(error: unknown): void;
  /** A fault of ours. The consumer has to be replaced. */
  broken(error: unknown): void;
}
