import type { Trouble } from "../../lib/rules/stall.ts";
import type { PartitionStatus } from "../../lib/rules/status.ts";
import type { Assignment } from "../../lib/adapters/kafka/assignment.ts";
import type { DecodableBatch } from "../../lib/adapters/kafka/batch-decoder.ts";
import type { PartitionPosition } from "../../lib/adapters/kafka/consumer.ts";
import type { FetchedBatch } from "../../lib/adapters/kafka/fetched-batch.ts";
import type { OutcomeKind, RetryReason, SetAside, SourceRecord } from "../../lib/rules/record.ts";
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
  /** Of records that were written in another form than their own: the field that was refused; null: none is known. */
  readonly gaveWay?: ReadonlyMap<number, string | null>;
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
  /** Records were written in another form than their own. @param fields of each the one that was refused */
  gaveWay(fields: Iterable<string | null>): void;
  /** A record batch became one dead letter. */
  setAside(batch: SetAside): void;
  commitFailed(error: unknown): void;
  /** A fault of ours. The consumer has to be replaced. */
  broken(error: unknown): void;
}

/** The same of a topic, whichever pump it has: fields are counted by then. */
export interface TopicEvents extends Omit<PumpEvents, "broken" | "gaveWay"> {
  /** @param fields how many records, by field */
  gaveWay(fields: ReadonlyMap<string, number>): void;
}

/** Moves the records of one topic: from the consumer's batches, through bulks in flight, to committed offsets. */
export interface Pump {
  assign(assignment: Assignment): void;
  /**
   * The group rebalances: takes nothing more until the next assignment, lets go of what was not sent, and commits what
   * was, waiting for it a little; what is left is read again. While it drains, stays until it is closed, or as long.
   */
  beforeRejoin(): Promise<void>;
  /** Decodes what was fetched, as soon as there is memory for it. @returns what lets go of what was not accepted */
  decode(batch: DecodableBatch, heartbeat: () => Promise<void>): Promise<() => void>;
  /** Takes a batch over as soon as there is memory for it; calls `heartbeat` while it waits. */
  accept(batch: FetchedBatch, heartbeat: () => Promise<void>): Promise<void>;
  observe(positions: readonly PartitionPosition[]): void;
  /** How many bytes the next fetch is to ask for. */
  fetchBytes(): number;
  partitions(): PartitionStatus[];
  /** Null: what is sent gets its outcomes. */
  readonly trouble: Trouble | null;
  /**
   * Takes nothing more, lets go of what was not sent yet, waits for what was and commits it.
   * @returns true where nothing that was sent stayed uncommitted; else it will be read and sent again
   */
  drain(signal: AbortSignal): Promise<boolean>;
  /** Ends at once; to be called in any case, after `drain` too. */
  close(): void;
}
