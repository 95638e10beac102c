import type {
  FetchedPart,
  PartitionPosition,
  PartitionRead,
  PartitionSink,
} from "../../lib/adapters/kafka/reader/reader.ts";

/** A sink that records its calls. */
export interface CollectingSink extends PartitionSink {
  readonly parts: FetchedPart[];
  readonly positions: PartitionPosition[];
  readonly outOfRange: number[];
  /** How often the sink was unavailable. */
  gone: number;
  readonly troubles: (string | null)[];
  /** The offset up to which it has read. */
  end: number;
  /** The result of `room`. */
  roomBytes: number;
  /** How often `room` was called. */
  asked: number;
  /** Is told the end of each part; null if parts are not processed. */
  read: PartitionRead | null;
}

/** @param endOf the end of a part @param onPart called after a part is stored and before it is processed */
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
