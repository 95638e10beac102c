import type { SourceRecord } from "../../../rules/model/record.ts";
import { decompress, registerCodecs } from "../client/compression.ts";
import type { FetchedPart } from "../reader/reader.ts";
import { trackAborted, type AbortedBatches } from "./aborted.ts";
import { batchAt, type BatchHeader, type OldEntry } from "./batch-header.ts";
import { readOldEntry } from "./old-entry.ts";
import type { DecodablePart, RecordDecoder, RecordPiece } from "./record-decoder.ts";
import { readRecords } from "./record-fields.ts";
import { BatchMemory, createUnreadableBatches, type UnreadableBatches } from "./unreadable.ts";

/** Approximate memory of a record, and of a header, beside its contents. */
const RECORD_BYTES = 256;
const HEADER_BYTES = 128;

/** Estimates learned while decoding a topic's records. */
interface Learnt {
  /** Size after decompression relative to before, of the last batch. */
  inflation: number;
  /** Memory relative to the size on the wire, of the last piece. */
  expansion: number;
}

interface PartOptions {
  readonly maxBatchBytes: number;
  readonly unreadable: UnreadableBatches;
  readonly learnt: Learnt;
}

/** Decodes record batches directly from a fetch's buffer; keys and values stay slices of it. */
export function createKafkaDecoder({ maxBatchBytes }: { readonly maxBatchBytes: number }): RecordDecoder {
  registerCodecs();
  const options: PartOptions = {
    maxBatchBytes,
    unreadable: createUnreadableBatches(maxBatchBytes),
    learnt: { inflation: 1, expansion: 1 },
  };
  return { open: (part) => new FetchedRecords(part, options) };
}

/** A piece being decoded. */
interface Unfinished {
  readonly start: number;
  readonly startAt: number;
  readonly records: SourceRecord[];
  readonly maxBytes: number;
  bytes: number;
}

class FetchedRecords implements DecodablePart {
  position: number;
  readonly #buffer: Buffer;
  readonly #partition: number;
  readonly #options: PartOptions;
  readonly #aborted: AbortedBatches;
  /** Position of the next batch in the buffer. */
  #at = 0;

  constructor({ records, fetchOffset, position, aborted }: FetchedPart, options: PartOptions) {
    if (!Buffer.isBuffer(records)) throw new TypeError("these records did not come from a broker");
    this.#buffer = records;
    this.#partition = position.partition;
    this.#options = options;
    this.#aborted = trackAborted(aborted);
    this.position = fetchOffset;
  }

  get expectedBytes(): number {
    return Math.ceil((this.#buffer.length - this.#at) * this.#options.learnt.expansion);
  }

  decodeNext(maxBytes: number): RecordPiece | null | Promise<RecordPiece | null> {
    const piece: Unfinished = { start: this.position, startAt: this.#at, records: [], bytes: 0, maxBytes };
    for (;;) {
      const header = this.#header(piece);
      if (header === null) return this.#finish(piece);
      const taken = this.#decode(header, piece);
      if (taken instanceof Promise) return this.#decodeLater(piece, header, taken);
      if (!this.#took(piece, header, taken)) return this.#finish(piece);
    }
  }

  async #decodeLater(
    piece: Unfinished,
    first: BatchHeader | OldEntry,
    taken: Promise<number | null>,
  ): Promise<RecordPiece | null> {
    for (let isTaken = this.#took(piece, first, await taken); isTaken;) {
      const header = this.#header(piece);
      if (header === null) break;
      isTaken = this.#took(piece, header, await this.#decode(header, piece));
    }
    return this.#finish(piece);
  }

  /** Returns the next batch's header, or null if nothing is left or the piece is large enough. */
  #header({ bytes, maxBytes }: Unfinished): BatchHeader | OldEntry | null {
    const header = batchAt(this.#buffer, this.#at);
    if (header === null) this.#at = this.#buffer.length;
    return bytes >= maxBytes ? null : header;
  }

  /** @returns false if the batch belongs to the next piece */
  #took(piece: Unfinished, { end, lastOffset }: BatchHeader | OldEntry, bytes: number | null): boolean {
    if (bytes === null) return false;
    piece.bytes += bytes;
    this.#at = end;
    this.position = Math.max(this.position, lastOffset + 1);
    return true;
  }

  #finish({ start, startAt, records, bytes }: Unfinished): RecordPiece | null {
    if (this.position === start) return null;
    if (bytes > 0) this.#options.learnt.expansion = Math.max(1, bytes / (this.#at - startAt));
    return { records, start, end: this.position, bytes };
  }

  /** @returns its memory, or null if it belongs to the next piece */
  #decode(
    header: BatchHeader | OldEntry,
    { records, bytes, maxBytes }: Unfinished,
  ): number | null | Promise<number | null> {
    if (header.lastOffset < this.position) return 0;
    // The first batch is always included.
    const room = bytes === 0 ? Infinity : maxBytes - bytes;
    const before = records.length;
    const { maxBatchBytes, learnt } = this.#options;
    const memory = new BatchMemory(Math.min(maxBatchBytes, room));
    const failed = (error: unknown): number | null => {
      records.length = before;
      // The next piece starts with it and reports the error.
      if (room < Infinity) return null;
      return this.#setAside(header, error, records);
    };
    try {
      if (header.magic !== 2) return this.#decodeOld(header, records).catch(failed);
      if (this.#aborted.isAborted(header, this.#buffer) || header.isControl || header.count <= 0) return 0;
      const told = header.count * RECORD_BYTES;
      const contents = (header.end - header.recordsAt) * (header.codec === 0 ? 1 : learnt.inflation);
      if (told + contents > room) return null;
      memory.take(told);
      const sent = this.#buffer.subarray(header.recordsAt, header.end);
      if (header.codec !== 0) return this.#unpack(header, sent, records, memory).catch(failed);
      memory.take(sent.length);
      return this.#read(header, sent, records, memory);
    } catch (error) {
      return failed(error);
    }
  }

  async #unpack(
    header: BatchHeader,
    sent: Buffer,
    records: SourceRecord[],
    memory: BatchMemory,
  ): Promise<number> {
    const plain = await decompress(header.codec, sent, memory.left);
    memory.take(plain.length);
    this.#options.learnt.inflation = plain.length / sent.length;
    return this.#read(header, plain, records, memory);
  }

  #read(header: BatchHeader, plain: Buffer, records: SourceRecord[], memory: BatchMemory): number {
    const takeHeaders = (count: number): void => memory.take(count * HEADER_BYTES);
    const of = { partition: this.#partition, header, from: this.position, takeHeaders };
    readRecords(plain, 0, of, records);
    return memory.bytes;
  }

  async #decodeOld({ end }: OldEntry, records: SourceRecord[]): Promise<number> {
    const entry = this.#buffer.subarray(this.#at, end);
    let bytes = 0;
    for (const record of await readOldEntry(entry, this.#partition, this.position)) {
      records.push(record);
      bytes += RECORD_BYTES + (record.key?.length ?? 0) + (record.value?.length ?? 0);
    }
    return bytes;
  }

  #setAside(header: BatchHeader | OldEntry, error: unknown, records: SourceRecord[]): number | null {
    const [partition, last] = [this.#partition, header.lastOffset];
    const first = Math.max(this.position, header.magic === 2 ? header.firstOffset : 0);
    const count = header.magic === 2 ? header.count : Infinity;
    const place = {
      partition,
      first,
      last,
      records: Math.min(count, last - first + 1),
      bytes: header.length,
    };
    const setAside = this.#options.unreadable.setAside({ ...place, error });
    if (setAside === null) {
      // It is fetched again, with everything after it.
      this.#at = this.#buffer.length;
      return null;
    }
    const timestamp =
      header.magic !== 2 ? -1 : header.isLogAppendTime ? header.maxTimestamp : header.firstTimestamp;
    records.push({ partition, offset: first, timestamp, key: null, value: null, headers: [], setAside });
    return RECORD_BYTES;
  }
}
