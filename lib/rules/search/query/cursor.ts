import { isObject } from "../../json/json-document.ts";

/** The sort values of a hit: where the next page begins. What a document lacks is −1. */
export type SearchCursor = readonly [
  timestampMs: number,
  partition: number,
  offset: number,
  index: string,
  seqNo: number,
];

/** Text that fits a URL. Whoever gets it back checks it: it is no secret, and anybody may send anything. */
export function cursorText(cursor: SearchCursor): string {
  return Buffer.from(JSON.stringify(cursor)).toString("base64url");
}

/** Null where the text is not one of ours. */
export function parseCursor(text: string): SearchCursor | null {
  if (!/^[A-Za-z0-9_-]{1,512}$/.test(text)) return null;
  try {
    return toCursor(JSON.parse(Buffer.from(text, "base64url").toString("utf8")));
  } catch {
    // Whatever it decodes to is not JSON, so it is not ours.
    return null;
  }
}

/** The cursor that `sort` values of a hit make; null where they are others. */
function toCursor(value: unknown): SearchCursor | null {
  if (!Array.isArray(value) || value.length !== 5) return null;
  const [timestampMs, partition, offset, index, seqNo] = value as readonly unknown[];
  if (!isWhole(timestampMs) || !isWhole(partition) || !isWhole(offset) || !isWhole(seqNo)) return null;
  if (typeof index !== "string" || index === "" || index.length > 255) return null;
  return [timestampMs, partition, offset, index, seqNo];
}

function isWhole(value: unknown): value is number {
  return Number.isSafeInteger(value);
}

/** The `sort` of a hit in Elasticsearch's answer. */
export function cursorOfHit(hit: unknown): SearchCursor | null {
  return isObject(hit) ? toCursor(hit["sort"]) : null;
}
