import type {
  FetchedPart,
  PartitionPosition,
  PartitionRead,
  PartitionSink,
} from "../../lib/adapters/kafka/reader/reader.ts";

/** A sink that keeps what it is told. */
export interface CollectingSink extends PartitionSink {
  readonly parts: FetchedPart[];
  readonly positions: PartitionPosition[];
  readonly outOfRange: number[];
  /** How often it was gone. */
  gone: number;
  readonly troubles: (string | null)[];
  /** How far it is read. */
  end: number;
  /** What `room` answers. */
  roomBytes: number;
  /** How many times it was asked. */
  asked: number;
  /** Where the parts go on; null: they are not worked up. */
  read: PartitionRead | null;
}

/** @param endOf where a part ends @param onPart after it is noted, and before it is worked up */
export function collectingSink(
  endOf: (part: FetchedPart) => number,
  onPart: (part: FetchedPart) => void = () => {},
): CollectingSink {
  const sink: CollectingSink = {
    parts: [],
    positions: [],
    outOfRange: [],
    gone: 0,
    troubles: [],
    end: 0,
    roomBytes: 1024 * 1024,
    asked: 0,
    read: null,
    room() {
      sink.asked += 1;
      return sink.roomBytes;
    },
    onFetched(part) {
      sink.parts.push(part);
      sink.end = endOf(part);
      onPart(part);
      sink.read?.next(sink.end);
    },
    onPosition: (position) => void sink.positions.push(position),
    onOutOfRange: (offset) => void sink.outOfRange.push(offset),
    onGone: () => void (sink.gone += 1),
    onTrouble: (reason) => void sink.troubles.push(reason),
  };
  return sink;
}
