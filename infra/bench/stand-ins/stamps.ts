import { createdIn } from "../kit/bulk-answer.ts";

const STAMP = /"message":"(\d+\.\d{3}) /;

/** Prefixes a line with the current time, as `performance.now()` tells it. */
export function stamped(line: string): string {
  return `${performance.now().toFixed(3)} ${line}`;
}

/** Returns the stamps of the documents that are in the index now: created by this bulk, or there already. */
export function stampsTaken(body: Uint8Array, answer: Uint8Array): number[] {
  return createdIn(body, answer).flatMap(({ status, document }) => {
    const stamp = STAMP.exec(document)?.[1];
    return stamp !== undefined && (status < 300 || status === 409) ? [Number(stamp)] : [];
  });
}
