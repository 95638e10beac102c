/** For JSON from outside and the config file. Valid requests and declarations have only a few levels. */
export const MAX_DEPTH = 32;

/** The broken rule, as the predicate of a sentence. */
export const depthRule = `is nested deeper than ${MAX_DEPTH} levels`;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/**
 * Whether a valid JSON text is nested so deeply that code walking through it, such as `JSON.stringify`, could overflow the
 * stack; `JSON.parse` itself does not. Takes one pass and no memory.
 */
export function isNestedTooDeeply(text: string): boolean {
  let depth = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (quoted && code === BACKSLASH) at += 1;
    else if (code === QUOTE) quoted = !quoted;
    else if (!quoted && (code === 0x5b || code === 0x7b)) depth += 1;
    else if (!quoted && (code === 0x5d || code === 0x7d)) depth -= 1;
    if (depth > MAX_DEPTH) return true;
  }
  return false;
}
