export interface CutText {
  readonly text: string;
  /** Whether the text was longer. */
  readonly cut: boolean;
}

/** Cuts a text to at most `maxBytes` of UTF-8 without splitting a character. */
export function cutText(text: string, maxBytes: number): CutText {
  let bytes = 0;
  let at = 0;
  while (at < text.length) {
    const code = text.codePointAt(at) ?? 0;
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    if (bytes > maxBytes) return { text: text.slice(0, at), cut: true };
    at += code < 0x10000 ? 1 : 2;
  }
  return { text, cut: false };
}
