import { messageOf } from "../../../rules/base/errors.ts";
import type { BatchFacts, EntryList, GapReason } from "../../../rules/inspection/entries.ts";
import type { AbortedTransaction, RecordsBlob } from "../protocol/wire.ts";
import { detached } from "../queries/source-record.ts";
import type { PartitionPosition } from "../reader/reader.ts";
import { type AbortedBatches, isAbortMarker, trackAborted } from "../records/aborted.ts";
import { batchAt, type BatchHeader, type OldEntry } from "../records/batch-header.ts";
import type { RecordDecoder } from "../records/record-decoder.ts";

export interface FetchedBatches {
  readonly records: RecordsBlob;
  readonly aborted: readonly AbortedTransaction[];
  readonly position: PartitionPosition;
  /** The offset from which entries are wanted. */
  readonly from: number;
  /** The most entries that the list may have. */
  readonly limit: number;
}

/** How batches are decoded. */
export interface BatchDecoding {
  readonly decoder: RecordDecoder;
  /** Calls it when nothing else is decoded: a whole batch is in memory until it resolves. */
  readonly inTurn: <T>(decode: () => Promise<T>) => Promise<T>;
}

const codecs: Readonly<Record<number, BatchFacts["compression"]>> = {
  0: "none",
  1: "gzip",
  2: "snappy",
  3: "lz4",
  4: "zstd",
};

/** The decoder sets an unreadable batch aside when it meets it for the third time. */
const TRIES = 3;

/** Adds what fetched batches hold to the list. @returns the next offset to look at */
export async function addBatches(
  list: EntryList,
  decoding: BatchDecoding,
  { records, aborted, position, from, limit }: FetchedBatches,
): Promise<number> {
  if (!Buffer.isBuffer(records)) throw new TypeError("these records did not come from a broker");
  const transactions = trackAborted(aborted);
  let next = from;
  for (let at = 0; !list.isFull(limit);) {
    const header = batchAt(records, at);
    if (header === null) break;
    const batch = records.subarray(at, header.end);
    const hidden = header.magic === 2 ? hiddenBy(header, records, transactions) : null;
    at = header.end;
    if (header.lastOffset < next) continue;
    if (header.magic === 2) {
      list.gap(next, header.firstOffset, "compacted");
      next = Math.max(next, header.firstOffset);
    }
    if (hidden !== null) {
      list.gap(next, header.lastOffset + 1, hidden.why, hidden.detail);
      next = header.lastOffset + 1;
      continue;
    }
    const wanted = { records: batch, position, from: next, limit };
    next = await decoding.inTurn(() => addRecords(list, decoding.decoder, header, wanted));
  }
  return next;
}

/** Why none of a batch's records is for consumers; null if they are. */
function hiddenBy(
  header: BatchHeader,
  records: Buffer,
  transactions: AbortedBatches,
): { readonly why: GapReason; readonly detail: string | null } | null {
  try {
    if (transactions.isAborted(header, records)) return { why: "aborted", detail: null };
    if (!header.isControl) return null;
    return { why: isAbortMarker(header, records) ? "abort marker" : "commit marker", detail: null };
  } catch (error) {
    // A broker writes its markers uncompressed and whole: the log is damaged here.
    return { why: "unreadable", detail: `the marker of a transaction cannot be read: ${messageOf(error)}` };
  }
}

async function addRecords(
  list: EntryList,
  decoder: RecordDecoder,
  header: BatchHeader | OldEntry,
  { records, position, from, limit }: Omit<FetchedBatches, "aborted">,
): Promise<number> {
  const end = header.lastOffset + 1;
  let next = from;
  for (const record of await decoded(decoder, { records, position, from })) {
    list.gap(next, record.offset, "compacted");
    next = record.offset;
    if (list.isFull(limit)) return next;
    if (record.setAside !== undefined) {
      list.gap(next, record.setAside.end, "unreadable", record.setAside.reason);
      return record.setAside.end;
    }
    list.record(detached(record), factsOf(header));
    next += 1;
  }
  list.gap(next, end, "compacted");
  return end;
}

async function decoded(
  decoder: RecordDecoder,
  { records, position, from }: Pick<FetchedBatches, "records" | "position" | "from">,
) {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const part = decoder.open({ records, fetchOffset: from, position, aborted: [] });
    const piece = await part.decodeNext(Infinity);
    if (piece !== null) return piece.records;
  }
  return [];
}

function factsOf(header: BatchHeader | OldEntry): BatchFacts {
  if (header.magic !== 2) {
    const { lastOffset, length, magic } = header;
    const unknown = { compression: "unknown", timestamps: "unknown", transactional: false } as const;
    return { firstOffset: lastOffset, lastOffset, bytes: length, format: magic, ...unknown };
  }
  const { firstOffset, lastOffset, length, codec, isLogAppendTime, isTransactional } = header;
  return {
    firstOffset,
    lastOffset,
    bytes: length,
    compression: codecs[codec] ?? "unknown",
    timestamps: isLogAppendTime ? "append" : "create",
    transactional: isTransactional,
    format: 2,
  };
}
