import { endOfString, nextToken } from "../../json/json-members.ts";
import { cutText } from "./cut-text.ts";

/**
 * Cuts every string value of a document that is longer than `maxStringBytes`. Everything else stays as written, so
 * numbers keep all their digits.
 *
 * @param raw valid JSON
 * @returns null if the result is still longer than `maxBytes`
 */
export function cutDocument(raw: string, maxStringBytes: number, maxBytes: number): string | null {
  let out = "";
  let at = 0;
  for (;;) {
    const start = raw.indexOf('"', at);
    if (start === -1) break;
    const end = endOfString(raw, start);
    const isName = raw[nextToken(raw, end)] === ":";
    out +=
      raw.slice(at, start) + (isName ? raw.slice(start, end) : cutString(raw, start, end, maxStringBytes));
    at = end;
    // A character takes at least one byte.
    if (out.length > maxBytes) return null;
  }
  out += raw.slice(at);
  return Buffer.byteLength(out) > maxBytes ? null : out;
}

function cutString(raw: string, start: number, end: number, maxBytes: number): string {
  // Each UTF-16 unit takes at most three bytes of UTF-8.
  if ((end - start - 2) * 3 <= maxBytes) return raw.slice(start, end);
  const value = String(JSON.parse(raw.slice(start, end)));
  const { text, cut } = cutText(value, maxBytes);
  return cut ? JSON.stringify(`${text}…`) : raw.slice(start, end);
}
