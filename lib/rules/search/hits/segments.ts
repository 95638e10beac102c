import { cutText } from "./cut-text.ts";

/** A piece of a line; true: it is what was looked for. */
export type Segment = readonly [text: string, found: boolean];

export interface Line {
  /** Together the line's text. */
  readonly segments: readonly Segment[];
  /** True: the text goes on. */
  readonly cut: boolean;
}

/**
 * Splits a message at the marker that Elasticsearch put around what it found. The text is the message's own: where the
 * marked one is another (a list's element, a piece from the middle), nothing is marked; what the marked one lacks, since
 * it ends at a NUL or at the highest offset that is looked at, follows unmarked.
 *
 * @param marked null: nothing was found in it
 */
export function lineOf(message: string, marked: string | null, marker: string, maxBytes: number): Line {
  const { text, cut } = cutText(message, maxBytes);
  const parts = marked === null ? [] : marked.split(marker);
  // An even number would mean that a marker is missing.
  if (parts.length % 2 === 0 || !message.startsWith(parts.join(""))) {
    return { segments: text === "" ? [] : [[text, false]], cut };
  }
  const segments: Segment[] = [];
  let at = 0;
  for (const [position, part] of parts.entries()) {
    const piece = part.slice(0, Math.max(0, text.length - at));
    if (piece !== "") segments.push([piece, position % 2 === 1]);
    at += part.length;
  }
  if (at < text.length) segments.push([text.slice(at), false]);
  return { segments, cut };
}

/** A line of which only a piece is known; its text can go on. */
export function fragmentLine(marked: string, marker: string, maxBytes: number): Line {
  const message = marked.split(marker).join("");
  return { ...lineOf(message, marked, marker, maxBytes), cut: true };
}
