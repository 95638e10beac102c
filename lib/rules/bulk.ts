import type { EncodedDocument } from "./document.ts";

/** What one bulk request may hold at most. */
export interface BulkLimits {
  readonly maxDocuments: number;
  readonly maxBytes: number;
}

/** One `create` of a bulk request, made from the record at `position` of its batch. */
export interface BulkOperation {
  readonly position: number;
  readonly index: string;
  /** The action and the source, each with its line break. */
  readonly lines: string;
  readonly bytes: number;
}

export function bulkOperation(position: number, document: EncodedDocument): BulkOperation {
  const { index, id, json } = document;
  const lines = `{"create":{"_index":${JSON.stringify(index)},"_id":${JSON.stringify(id)}}}\n${json}\n`;
  return { position, index, lines, bytes: Buffer.byteLength(lines) };
}

/** Splits operations, in their order, into requests within the limits; one that is too large by itself goes alone. */
export function splitOperations(
  operations: readonly BulkOperation[],
  limits: BulkLimits,
): readonly (readonly BulkOperation[])[] {
  const requests: BulkOperation[][] = [];
  let request: BulkOperation[] = [];
  let bytes = 0;
  for (const operation of operations) {
    const full = request.length >= limits.maxDocuments || bytes + operation.bytes > limits.maxBytes;
    if (request.length > 0 && full) {
      requests.push(request);
      request = [];
      bytes = 0;
    }
    request.push(operation);
    bytes += operation.bytes;
  }
  if (request.length > 0) requests.push(request);
  return requests;
}

/** The newline-delimited body of one `_bulk` request. */
export function bulkBody(operations: readonly BulkOperation[]): string {
  return operations.map((operation) => operation.lines).join("");
}
