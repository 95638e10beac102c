import type { EncodedBatch } from "./encoder.ts";
import { pickOperations } from "./requests.ts";

/** No document has it, so Elasticsearch refuses the operation after the pipeline let it through. */
const unmet = `"if_seq_no":${Number.MAX_SAFE_INTEGER},"if_primary_term":1,`;
const createStart = Buffer.from('{"create":{');
const witnessStart = Buffer.from(`{"index":{${unmet}`);

/**
 * Copies operations into a batch of their own, followed by witnesses: operations that pass through the pipeline like the
 * others, but write nothing. An index or alias answers them with a version conflict, and a data stream refuses to
 * replace documents (`BulkOperation.validateWriteIndex`): both after the pipeline.
 * @param witnesses operations that wrote their documents
 */
export function withWitnesses(
  batch: EncodedBatch,
  operations: readonly number[],
  witnesses: readonly number[],
): EncodedBatch {
  const [picked, some] = [pickOperations(batch, operations), pickOperations(batch, witnesses)];
  let end = picked.bytes.length;
  const bodies = some.ends.map((stop, at) => asWitness(some.bytes.subarray(some.ends[at - 1] ?? 0, stop)));
  return {
    ...picked,
    bytes: Buffer.concat([picked.bytes, ...bodies]),
    ends: [...picked.ends, ...bodies.map((body) => (end += body.length))],
    positions: [...picked.positions, ...some.positions],
    indices: [...picked.indices, ...some.indices],
  };
}

function asWitness(operation: Buffer): Buffer {
  return Buffer.concat([witnessStart, operation.subarray(createStart.length)]);
}
