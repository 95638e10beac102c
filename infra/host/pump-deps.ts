import type { OutcomeKind, RetryReason, SourceRecord } from "../../lib/rules/record.ts";
import type { OutcomeMemory } from "../../lib/rules/outcome-memory.ts";
import type { AttemptStart, Evidence } from "../../lib/rules/suspects.ts";
import type { BulkGate } from "./bulk-gate.ts";
import type { ByteShare } from "./byte-budget.ts";
import type { ProgressClock } from "./progress-clock.ts";

/** What one attempt made of its records, by position; null: try that record again. */
export interface AttemptResult {
  readonly outcomes: readonly (OutcomeKind | null)[];
  readonly retry: RetryReason | null;
  /** Absent: it tells nothing about whose fault a refusal is. */
  readonly evidence?: Evidence;
}

export interface PumpDeps {
  /** One bounded attempt. Never throws for what servers do. */
  ingest(
    records: readonly SourceRecord[],
    attempt: { readonly number: number; readonly proven: AttemptStart["proven"] },
    signal: AbortSignal,
  ): Promise<AttemptResult>;
  /** The topic's, whichever pump moves it. */
  readonly memory: OutcomeMemory;
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
