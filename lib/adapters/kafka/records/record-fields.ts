import type { RecordHeader, SourceRecord } from "../../../rules/model/record.ts";
import type { BatchHeader } from "./batch-header.ts";

const MAX_VARINT_BYTES = 10;
const NO_HEADERS: readonly RecordHeader[] = [];

/** What the records of one batch share. */
export interface RecordsOf {
  readonly partition: number;
  readonly header: BatchHeader;
  /** Records before this offset were not requested and are skipped. */
  readonly from: number;
  /** Called before a record's headers are created. @throws Error if they need too much memory */
  readonly takeHeaders: (count: number) => void;
}

/**
 * Reads the records of one decompressed batch and adds them to `records`. Keys and values stay slices.
 * @throws Error if their lengths are wrong
 */
export function readRecords(
  plain: Buffer,
  recordsAt: number,
  { partition, header, from, takeHeaders }: RecordsOf,
  records: SourceRecord[],
): void {
  const { firstOffset, isLogAppendTime, firstTimestamp, maxTimestamp } = header;
  const cursor = new FieldCursor(plain, recordsAt);
  for (let read = 0; read < header.count; read += 1) {
    const end = cursor.end(cursor.varint());
    // Skips the unused attributes.
    cursor.at += 1;
    const timestampDelta = cursor.varint();
    const offset = firstOffset + cursor.varint();
    if (!Number.isSafeInteger(offset)) throw new RangeError(`an offset after ${firstOffset} is beyond 2^53`);
    const key = cursor.bytes();
    const value = cursor.bytes();
    const headers = plain[cursor.at] === 0 ? NO_HEADERS : cursor.headers(takeHeaders);
    if (cursor.at > end)
      throw new RangeError(`the record at offset ${offset} is longer than its length says`);
    cursor.at = end;
    if (offset < from) continue;
    const timestamp = isLogAppendTime ? maxTimestamp : firstTimestamp + timestampDelta;
    records.push({ partition, offset, timestamp, key, value, headers });
  }
}

/** Returns the first record's key in an uncompressed batch. @throws Error if there is no record */
export function firstKey(buffer: Buffer, { recordsAt }: BatchHeader): Buffer | null {
  const cursor = new FieldCursor(buffer, recordsAt);
  cursor.varint();
  cursor.at += 1;
  cursor.varint();
  cursor.varint();
  return cursor.bytes();
}

/** Kafka's varints are zig-zag varints of Protocol Buffers. */
class FieldCursor {
  at: number;
  readonly #buffer: Buffer;

  constructor(buffer: Buffer, at: number) {
    this.#buffer = buffer;
    this.at = at;
  }

  /** Returns the end of a record that starts here. */
  end(length: number): number {
    const end = this.at + length;
    if (length < 0 || end > this.#buffer.length) throw new RangeError("a record reaches beyond its batch");
    return end;
  }

  /** Rounded beyond 2^53. */
  varint(): number {
    const byte = this.#buffer[this.at];
    // Almost every length and delta of short records is one byte.
    if (byte !== undefined && byte < 0x80) {
      this.at += 1;
      return (byte >>> 1) ^ -(byte & 1);
    }
    return this.#longVarint();
  }

  #longVarint(): number {
    const first = this.#buffer[this.at] ?? 0;
    // Its lowest bit is the sign, which a large number would lose.
    let value = (first & 0x7f) >>> 1;
    let factor = 0x40;
    for (let count = 1; count < MAX_VARINT_BYTES; count += 1) {
      const byte = this.#buffer[this.at + count];
      if (byte === undefined) break;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) {
        this.at += count + 1;
        return (first & 1) === 0 ? value : -value - 1;
      }
      factor *= 0x80;
    }
    throw new RangeError("a number in a record does not end");
  }

  bytes(): Buffer | null {
    const length = this.varint();
    if (length < 0) return null;
    const start = this.at;
    this.at = start + length;
    if (this.at > this.#buffer.length) throw new RangeError("a field of a record reaches beyond its batch");
    return this.#buffer.subarray(start, this.at);
  }

  headers(take: (count: number) => void): readonly RecordHeader[] {
    const count = this.varint();
    if (count <= 0) return NO_HEADERS;
    take(count);
    const headers: RecordHeader[] = [];
    for (let read = 0; read < count; read += 1) {
      const name = this.bytes();
      if (name === null) throw new RangeError("a header has no name");
      headers.push({ name: name.toString("utf8"), value: this.bytes() });
    }
    return headers;
  }
}
