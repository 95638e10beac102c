import { cutText } from "./cut-text.ts";

/** A piece of a line, and whether it matched the search. */
export type Segment = readonly [text: string, found: boolean];

export interface Line {
  /** Together they are the line's text. */
  readonly segments: readonly Segment[];
  /** Whether the text is longer. */
  readonly cut: boolean;
}

/**
 * Splits a message at the markers that Elasticsearch put around matches. The text always comes from the message itself.
 * If the marked text is a different one (a list's element, a piece from the middle), nothing is marked. If it is
 * shorter, because it ends at a NUL or at the highlighter's limit, the rest follows unmarked.
 *
 * @param marked null if nothing was found in the message
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

/** A line of which only a fragment is known, so its text may be longer. */
export function fragmentLine(marked: string, marker: string, maxBytes: number): Line {
  const message = marked.split(marker).join("");
  return { ...lineOf(message, marked, marker, maxBytes), cut: true };
}
