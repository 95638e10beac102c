import { isUtf8 } from "node:buffer";

export interface Utf8Text {
  /** Invalid sequences stand as U+FFFD. */
  readonly text: string;
  /** False: the bytes cannot be told from the text any more. */
  readonly faithful: boolean;
}

export function decodeUtf8(bytes: Buffer): Utf8Text {
  return { text: bytes.toString("utf8"), faithful: isUtf8(bytes) };
}

const escapes = /\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|[^])/g;
const surrogate = /^\\u[dD][89a-fA-F]/;

/**
 * JSON with U+FFFD for each half of a surrogate pair that stands alone, which is no more UTF-8 than a broken byte is: `\ud800`.
 * In a field's name it breaks an index: Elasticsearch takes two such names for two fields, Lucene writes both as the same,
 * and where they are of two types the shard fails.
 */
export function withoutHalfPairs(json: string): string {
  if (!json.includes("\\u")) return json;
  return json.replace(escapes, (escape) =>
    escape.length === 6 && surrogate.test(escape) ? "\\ufffd" : escape,
  );
}
