import type { EncodedBatch } from "./encoder.ts";

/** The limits of one bulk request. */
export interface BulkLimits {
  readonly maxDocuments: number;
  readonly maxBytes: number;
}

/** The operations sent as one request, from `start` up to but not including `end`. */
export interface BulkRequest {
  readonly start: number;
  readonly end: number;
}

type Operations = Pick<EncodedBatch, "bytes" | "ends">;

/** Splits operations, in order, into requests within the limits. One that exceeds them by itself goes alone. */
export function splitOperations({ ends }: Pick<Operations, "ends">, limits: BulkLimits): BulkRequest[] {
  const requests: BulkRequest[] = [];
  let start = 0;
  let startByte = 0;
  let lastEnd = 0;
  for (const [operation, end] of ends.entries()) {
    const full = operation - start >= limits.maxDocuments || end - startByte > limits.maxBytes;
    if (operation > start && full) {
      requests.push({ start, end: operation });
      start = operation;
      startByte = lastEnd;
    }
    lastEnd = end;
  }
  if (start < ends.length) requests.push({ start, end: ends.length });
  return requests;
}

/** Halves a request of at least two operations. The first half gets the odd one. */
export function halveRequest({ start, end }: BulkRequest): readonly [BulkRequest, BulkRequest] {
  const middle = start + Math.ceil((end - start) / 2);
  return [
    { start, end: middle },
    { start: middle, end },
  ];
}

/** The newline-delimited body of one `_bulk` request. Not a copy. */
export function bulkBody({ bytes, ends }: Operations, { start, end }: BulkRequest): Buffer {
  return bytes.subarray(start === 0 ? 0 : ends[start - 1], ends[end - 1]);
}

/** Copies some of the operations into a batch of their own. */
export function pickOperations(batch: EncodedBatch, operations: readonly number[]): EncodedBatch {
  const bodies = operations.map((operation) => bulkBody(batch, { start: operation, end: operation + 1 }));
  let end = 0;
  return {
    bytes: Buffer.concat(bodies),
    ends: bodies.map((body) => (end += body.length)),
    positions: operations.flatMap((operation) => batch.positions[operation] ?? []),
    indices: operations.flatMap((operation) => batch.indices[operation] ?? []),
    skipped: [],
    rejections: new Map(),
  };
}
