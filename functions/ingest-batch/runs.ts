import type { EncodedBatch } from "../../lib/rules/bulk/encoder.ts";
import type { BulkRequest } from "../../lib/rules/bulk/requests.ts";
import type { BulkItem } from "../../lib/rules/outcomes/bulk-answer.ts";

/** Consecutive operations of one index that got the same item object, usually all of them. Judged once. */
export interface Run {
  readonly index: string;
  readonly item: BulkItem;
  readonly start: number;
  readonly end: number;
}

export function runsOf({ indices }: EncodedBatch, request: BulkRequest, items: readonly BulkItem[]): Run[] {
  const runs: Run[] = [];
  for (let at = 0; at < items.length;) {
    const start = request.start + at;
    const [index, item] = [indices[start], items[at]];
    if (index === undefined || item === undefined) throw new Error(`no operation ${start}`);
    do at += 1;
    while (at < items.length && items[at] === item && indices[request.start + at] === index);
    runs.push({ index, item, start, end: request.start + at });
  }
  return runs;
}

/** @throws if there is no such operation */
export function operationAt(
  { positions, indices }: EncodedBatch,
  operation: number,
): { readonly position: number; readonly index: string } {
  const [position, index] = [positions[operation], indices[operation]];
  if (position === undefined || index === undefined) throw new Error(`no operation ${operation}`);
  return { position, index };
}
