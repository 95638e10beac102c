/** Bytes up to and including the length field, which counts what follows. */
const LENGTH_END = 12;
const HEADER_BYTES = 61;
const MAGIC_AT = 16;
/** An entry of Kafka's two oldest formats: offset, size, checksum, magic, attributes, lengths of key and value. */
const OLD_ENTRY_BYTES = 26;

/** The header of a record batch of format 2: https://kafka.apache.org/documentation/#recordbatch */
export interface BatchHeader {
  readonly magic: 2;
  /** Position after its last byte, in the same buffer. */
  readonly end: number;
  /** As sent, without the first twelve bytes. */
  readonly length: number;
  readonly firstOffset: number;
  readonly lastOffset: number;
  /** 0 if none. */
  readonly codec: number;
  /** True if `maxTimestamp` is the time of all records. */
  readonly isLogAppendTime: boolean;
  readonly isTransactional: boolean;
  readonly isControl: boolean;
  readonly firstTimestamp: number;
  readonly maxTimestamp: number;
  readonly producerId: number;
  /** The number of records according to the header. */
  readonly count: number;
  readonly recordsAt: number;
}

/** An entry of format 0 or 1: one record, or a compressed set of them. */
export interface OldEntry {
  readonly magic: 0 | 1;
  readonly end: number;
  readonly length: number;
  /** The offset of its last record. */
  readonly lastOffset: number;
}

/** @returns null if the rest is truncated, as the last batch of an answer may be */
export function batchAt(buffer: Buffer, at: number): BatchHeader | OldEntry | null {
  if (buffer.length - at < OLD_ENTRY_BYTES) return null;
  const length = buffer.readInt32BE(at + 8);
  const end = at + LENGTH_END + length;
  if (length <= 0 || end > buffer.length) return null;
  const magic = buffer[at + MAGIC_AT] ?? 0;
  if (magic < 2) return { magic: magic === 0 ? 0 : 1, end, length, lastOffset: int64At(buffer, at) };
  if (end - at < HEADER_BYTES) return null;
  const firstOffset = int64At(buffer, at);
  const attributes = buffer.readInt16BE(at + 21);
  return {
    magic: 2,
    end,
    length,
    firstOffset,
    lastOffset: firstOffset + buffer.readInt32BE(at + 23),
    codec: attributes & 0x07,
    isLogAppendTime: (attributes & 0x08) !== 0,
    isTransactional: (attributes & 0x10) !== 0,
    isControl: (attributes & 0x20) !== 0,
    firstTimestamp: int64At(buffer, at + 27),
    maxTimestamp: int64At(buffer, at + 35),
    producerId: int64At(buffer, at + 43),
    count: buffer.readInt32BE(at + 57),
    recordsAt: at + HEADER_BYTES,
  };
}

/** Rounded beyond 2^53. */
function int64At(buffer: Buffer, at: number): number {
  return buffer.readInt32BE(at) * 2 ** 32 + buffer.readUInt32BE(at + 4);
}
