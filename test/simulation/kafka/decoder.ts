import type {
  DecodablePart,
  RecordDecoder,
  RecordPiece,
} from "../../../lib/adapters/kafka/records/record-decoder.ts";
import type { FetchedPart } from "../../../lib/adapters/kafka/reader/reader.ts";
import { contentBytesOf, type SourceRecord } from "../../../lib/rules/model/record.ts";
import { SimulatedRecords, type SimulatedBatch } from "./records.ts";

/** Decodes simulated fetch answers, leaving out markers, aborted records and those before the requested offset. */
export const simulatedDecoder: RecordDecoder = { open: openPart };

/** A record's memory besides its content. */
const RECORD_BYTES = 200;

function openPart({ fetchOffset, records, aborted }: FetchedPart): DecodablePart {
  if (!(records instanceof SimulatedRecords)) throw new TypeError("not from a simulated broker");
  const left = [...records.batches];
  const toAbort = [...aborted].sort((one, other) => one.firstOffset - other.firstOffset);
  const aborting = new Set<number>();
  let position = fetchOffset;

  const takeBatch = (batch: SimulatedBatch): readonly SourceRecord[] => {
    const { producerId, lastOffset, control } = batch;
    for (let next = toAbort[0]; next !== undefined && next.firstOffset <= lastOffset; next = toAbort[0]) {
      aborting.add(next.producerId);
      toAbort.shift();
    }
    if (control === "abort") aborting.delete(producerId);
    if (control !== null || (batch.transactional && aborting.has(producerId))) return [];
    return batch.records.filter(({ offset }) => offset >= fetchOffset);
  };

  return {
    get position() {
      return position;
    },
    get expectedBytes() {
      return left.reduce((bytes, batch) => bytes + batch.byteLength + batch.records.length * RECORD_BYTES, 0);
    },
    decodeNext(maxBytes) {
      const start = position;
      const found: SourceRecord[] = [];
      let bytes = 0;
      for (let batch = left[0]; batch !== undefined; batch = left[0]) {
        const cost = batch.byteLength + batch.records.length * RECORD_BYTES;
        if (bytes > 0 && bytes + cost > maxBytes) break;
        left.shift();
        bytes += cost;
        found.push(...takeBatch(batch));
        position = Math.max(position, batch.lastOffset + 1);
      }
      const piece: RecordPiece = { records: found, start, end: position, bytes: bytesOf(found) };
      return Promise.resolve(position === start ? null : piece);
    },
  };
}

function bytesOf(records: readonly SourceRecord[]): number {
  return records.reduce((bytes, record) => bytes + contentBytesOf(record) + RECORD_BYTES, 0);
}
