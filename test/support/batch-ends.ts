import type { RecordsBlob } from "../../lib/adapters/kafka/protocol/wire.ts";

const LENGTH_AT = 8;
const LAST_DELTA_AT = 23;
const HEADER_BYTES = 61;

/** One past the last fetched offset, from the headers of the record batches. Ignores an incomplete batch. */
export function endOfBatches(records: RecordsBlob, fetchOffset: number): number {
  if (!Buffer.isBuffer(records)) throw new TypeError("no bytes");
  let end = fetchOffset;
  for (let at = 0; at + HEADER_BYTES <= records.length;) {
    const size = 12 + records.readInt32BE(at + LENGTH_AT);
    if (at + size > records.length) break;
    end = Number(records.readBigInt64BE(at)) + records.readInt32BE(at + LAST_DELTA_AT) + 1;
    at += size;
  }
  return end;
}
