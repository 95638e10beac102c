import type { AbortedTransaction, RecordsBlob } from "../protocol/wire.ts";

/** Where a partition stands on the broker, told by fetches that brought something. */
export interface PartitionPosition {
  readonly partition: number;
  readonly highWatermark: number;
  readonly lastStableOffset: number;
  readonly logStart: number;
}

/** What one fetch brought of one partition, not decoded yet. */
export interface FetchedPart {
  /** The offset that was asked for. Its first record batch may begin before. */
  readonly fetchOffset: number;
  readonly records: RecordsBlob;
  readonly aborted: readonly AbortedTransaction[];
  readonly position: PartitionPosition;
}

/** Who takes what is fetched of one partition; nothing of it may throw. */
export interface PartitionSink {
  /** How many bytes, as sent, the next fetch may bring; 0: it is left out until `wake`. Asked when a fetch is put together. */
  room(): number;
  /** Nothing more is fetched of it until `next` or `seek`. */
  onFetched(part: FetchedPart): void;
  /** Before `onFetched` where the same answer brought records. */
  onPosition(position: PartitionPosition): void;
  /** Kafka holds nothing at the offset asked for. Nothing more is fetched until `seek`. */
  onOutOfRange(offset: number): void;
  /**
   * It was read, and Kafka knows of no such partition. If it is there again, it may be another log. Nothing more is fetched: whoever
   * reads it is to close this, and to find out where another read begins.
   */
  onGone(): void;
  /**
   * Why nothing comes of it, though it is asked for (no leader, not authorized, no topic); null: well again.
   * @param type Kafka's name of it; null: nobody answered
   */
  onTrouble(reason: string | null, type: string | null): void;
}

/** One partition that is read. */
export interface PartitionRead {
  /** The part was worked up: it goes on there. Of no effect after `seek` or `close`. */
  next(offset: number): void;
  /** Goes on elsewhere; what is on its way is thrown away. */
  seek(offset: number): void;
  /** There is room again. */
  wake(): void;
  /** Nothing of it comes any more, what is on its way neither. */
  close(): void;
  /**
   * When the broker last told where it stands, in milliseconds since the epoch. An idle partition of a fetch session is told of by
   * every answer that does not name it. Null: not yet.
   */
  readonly heardAtMs: number | null;
}
