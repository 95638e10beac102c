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
