import { isObject } from "../../json/object.ts";

/** The sort values of a hit, after which the next page begins. Values that a document lacks are −1. */
export type SearchCursor = readonly [
  timestampMs: number,
  partition: number,
  offset: number,
  index: string,
  seqNo: number,
];

/** Encodes a cursor for a URL. It is not signed, so a cursor that comes back must be validated. */
export function cursorText(cursor: SearchCursor): string {
  return Buffer.from(JSON.stringify(cursor)).toString("base64url");
}

/** @returns null if the text is not a valid cursor */
export function parseCursor(text: string): SearchCursor | null {
  if (!/^[A-Za-z0-9_-]{1,512}$/.test(text)) return null;
  try {
    return toCursor(JSON.parse(Buffer.from(text, "base64url").toString("utf8")));
  } catch {
    // Not JSON, so not one of ours.
    return null;
  }
}

/** Makes a cursor from a hit's `sort` values. @returns null if they do not fit */
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
