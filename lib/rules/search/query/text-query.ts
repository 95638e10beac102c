/** One thing to look for, or to be without. */
export interface Term {
  /** As it was typed, never empty. */
  readonly text: string;
  /** True: a word that only begins with it will do. */
  readonly isPrefix: boolean;
  readonly isNegated: boolean;
}

/**
 * Looks at a text that is in lower case already: one text is often asked about by several.
 * Null: everything matches, so that no text has to be looked at.
 */
export type TextMatcher = ((folded: string) => boolean) | null;

/**
 * What the search box means for a line that is not in an index: words ANDed, whatever their case, `"phrase"`, `-not`,
 * `prefix*`. Any text is a query.
 *
 * Nearly what Elasticsearch finds with the same words (`text-clauses.ts`): it looks for words as its analyzer splits them,
 * this for the text itself, which must not begin or end in the middle of a word. So `err` does not find `error`, and `/pay`
 * finds `GET /pay`.
 */
export function createTextMatcher(query: string): TextMatcher {
  const terms = parseTerms(query.toLowerCase());
  if (terms.length === 0) return null;
  return (folded) => terms.every((term) => contains(folded, term) !== term.isNegated);
}

/** A word ends at white space or a quote. A quote that nothing closes counts as a space; so do lone `-` and `*`. */
const token = /(-*)(?:"([^"]*)"|([^\s"]+))/g;

/** What the search box asks for: any text is a query. */
export function parseTerms(query: string): Term[] {
  return [...query.matchAll(token)].flatMap(([, dashes = "", phrase, word = ""]) => {
    const isPrefix = phrase === undefined && word.endsWith("*");
    const text = phrase?.trim() ?? (isPrefix ? word.slice(0, -1) : word);
    const isOperator = phrase === undefined && /^-+$/.test(text);
    // Two take each other back, as in Elasticsearch's simple query string, which people know.
    return text === "" || isOperator ? [] : [{ text, isPrefix, isNegated: dashes.length % 2 === 1 }];
  });
}

/** Whoever looks for words that begin so looks through all of them. */
const wordsOfPrefix = 4;
/** As Elasticsearch's standard analyzer parts a text (UAX #29), or into more: ideographs and emoji are words each. */
const ideograph = String.raw`[\p{Script=Han}\p{Script=Hiragana}\p{Extended_Pictographic}]`;
const analyzedWord = new RegExp(`${ideograph}|(?:(?!${ideograph})[\\p{L}\\p{N}\\p{M}_])+`, "gu");

/** How many words Elasticsearch has to look for, however they are joined or quoted; a prefix counts as several. */
export function countWords(query: string): number {
  return parseTerms(query).reduce(
    (sum, { text, isPrefix }) =>
      sum + (isPrefix ? wordsOfPrefix : Math.max(1, [...text.matchAll(analyzedWord)].length)),
    0,
  );
}

/** True of one word whichever analyzer looks at it: letters or digits alone, for some part them; none a word by itself. */
export function isOneWord(text: string): boolean {
  return /^(?:[\p{L}\p{M}]+|\p{N}+)$/u.test(text) && !new RegExp(ideograph, "u").test(text);
}

const letterOrDigit = /[\p{L}\p{N}]/u;

function contains(text: string, { text: wanted, isPrefix }: Term): boolean {
  const bindsStart = isWordAt(wanted, 0);
  const bindsEnd = !isPrefix && isWordAt(wanted, wanted.length - 1);
  for (let at = text.indexOf(wanted); at !== -1;) {
    const beginsInside = bindsStart && at > 0 && isWordAt(text, at - 1);
    if (!beginsInside && !(bindsEnd && isWordAt(text, at + wanted.length))) return true;
    at += 1;
    // A word cannot begin before this one ends: looked for at each of its letters, long words would take long.
    if (bindsStart) while (at < text.length && isWordAt(text, at)) at += 1;
    at = text.indexOf(wanted, at);
  }
  return false;
}

/** Whether a letter or digit stands there; emoji and other halves of surrogate pairs are none. */
function isWordAt(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  if (code < 0x80) {
    return (code >= 0x30 && code <= 0x39) || (code >= 0x61 && code <= 0x7a) || (code >= 0x41 && code <= 0x5a);
  }
  if (code >= 0xd800 && code <= 0xdfff) return false;
  return letterOrDigit.test(text.charAt(at));
}
