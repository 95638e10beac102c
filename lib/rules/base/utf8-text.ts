import { isUtf8 } from "node:buffer";

export interface Utf8Text {
  /** U+FFFD replaces invalid sequences. */
  readonly text: string;
  /** False if the bytes cannot be restored from the text. */
  readonly faithful: boolean;
}

export function decodeUtf8(bytes: Buffer): Utf8Text {
  return { text: bytes.toString("utf8"), faithful: isUtf8(bytes) };
}

const escapes = /\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|[^])/g;
const surrogate = /^\\u[dD][89a-fA-F]/;

/**
 * Replaces each lone surrogate escape such as `\ud800`, which is as invalid in UTF-8 as a broken byte, by U+FFFD.
 * In field names they break an index: Elasticsearch sees two such names as two fields, Lucene writes both as the same one,
 * and if their types differ the shard fails.
 */
export function withoutHalfPairs(json: string): string {
  if (!json.includes("\\u")) return json;
  return json.replace(escapes, (escape) =>
    escape.length === 6 && surrogate.test(escape) ? "\\ufffd" : escape,
  );
}
