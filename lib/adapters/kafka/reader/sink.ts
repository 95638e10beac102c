import type { Checkpoint } from "../../../rules/offsets/checkpoint.ts";
import type { AbortedTransaction, RecordsBlob } from "../protocol/wire.ts";

/** A partition's offsets on the broker, as reported by a fetch. */
export interface PartitionPosition {
  readonly partition: number;
  readonly highWatermark: number;
  readonly lastStableOffset: number;
  readonly logStart: number;
  /** The first record that waits, if it was looked at without reading on. */
  readonly first?: Checkpoint;
}

/** The records of one partition in an answer, not decoded yet. */
export interface FetchedPart {
  /** The requested offset. The first record batch may start before it. */
  readonly fetchOffset: number;
  readonly records: RecordsBlob;
  readonly aborted: readonly AbortedTransaction[];
  readonly position: PartitionPosition;
}

/** Receives what is fetched of one partition; its methods may not throw. */
export interface PartitionSink {
  /** Returns how many bytes, as sent, the next fetch may bring; 0 pauses it until `wake`. Called per fetch. */
  room(): number;
  /** Fetching pauses until `next` or `seek`. */
  onFetched(part: FetchedPart): void;
  /** Called before `onFetched` if the same answer brought records. */
  onPosition(position: PartitionPosition): void;
  /** The offset is out of range. Fetching pauses until `seek`. */
  onOutOfRange(offset: number): void;
  /**
   * The partition no longer exists. If it reappears, it may be another log. Fetching stops: close this read, and look
   * up the start position for a new one.
   */
  onGone(): void;
  /**
   * Reports why fetching fails (no leader, not authorized, no topic), or null once it works again.
   * @param type Kafka's error name; null if no broker answered
   */
  onTrouble(reason: string | null, type: string | null): void;
}

/** Controls the reading of one partition. */
export interface PartitionRead {
  /** Reports that the part was processed; fetching continues at `offset`. No effect after `seek` or `close`. */
  next(offset: number): void;
  /** Continues at another offset; pending fetches are discarded. */
  seek(offset: number): void;
  /** Reports that there is room again. */
  wake(): void;
  /** Stops reading; pending fetches are discarded. */
  close(): void;
  /**
   * When the broker last reported its offsets, in milliseconds since the epoch, or null. In a fetch session, every
   * answer that does not name an idle partition confirms it.
   */
  readonly heardAtMs: number | null;
}
