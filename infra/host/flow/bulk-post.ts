import type { IngestBatchDeps } from "../../../functions/ingest-batch.ts";
import type { BulkAnswer, TargetDocument } from "../../../lib/rules/bulk-answer.ts";
import type { BulkLimits } from "../../../lib/rules/bulk/requests.ts";
import type { Time } from "../../../lib/rules/time.ts";
import type { BulkGate } from "../bulk-gate.ts";

/** Sends one `_bulk` request. Failures are values; throws only the signal's reason. */
export type SendBulk = (
  body: Buffer,
  options: {
    /** Of every operation that does not name its own; null: none. */
    readonly pipeline: string | null;
    readonly operations: number;
    /** What covers the indices of its operations; of several where it stands for several topics. */
    readonly pattern: string | readonly string[];
    readonly documentAt: (operation: number) => TargetDocument;
    /** How long Elasticsearch waits for a shard, or an index that is to be made; absent: as it is configured. */
    readonly shardTimeoutMs?: number;
    readonly signal: AbortSignal;
  },
) => Promise<BulkAnswer>;

/** Who has records to send. */
export interface Sender {
  /** How much waits now; read when it enters, with `more`, and when a place is free. */
  readonly documents: number;
  readonly bytes: number;
  /** True: it must not hold up others, or be held up by them. */
  readonly alone: boolean;
  /** True: what it sends was in trouble just now. */
  readonly again: boolean;
  /** There is a place. Its first bulk, or its end, is due within some microtasks. */
  board(seat: Seat): void;
}

/** One attempt's way to Elasticsearch. */
export interface Seat {
  /** The first travels with those that boarded at the same time; later ones go alone, each with a place of its own. */
  readonly bulk: IngestBatchDeps["bulk"];
  /** False: what it sent was answered late, so that the next is to go alone. */
  readonly fit: boolean;
  /** The attempt is over. Again: nothing. */
  end(): void;
}

/** Joins what many topics have to send into common requests, within the places that the gate gives. */
export interface BulkPost {
  /** Boards it when there is a place: at once where nothing is in flight, else with what comes meanwhile. */
  offer(sender: Sender): void;
  /** More waits with one that was offered. */
  more(sender: Sender): void;
  withdraw(sender: Sender): void;
  close(): void;
}

export interface BulkPostDeps {
  readonly send: SendBulk;
  readonly gate: BulkGate;
  /** Of one request, whoever's operations it holds. */
  limits(): BulkLimits;
  readonly time: Time;
}
