/** Something to look for, or to exclude. */
export interface Term {
  /** As typed, never empty. */
  readonly text: string;
  /** Whether a word that only begins with it matches. */
  readonly isPrefix: boolean;
  readonly isNegated: boolean;
}

/**
 * Takes a text already in lower case, because several matchers often look at the same text.
 * Null if everything matches, so that the text is not needed.
 */
export type TextMatcher = ((folded: string) => boolean) | null;

/**
 * Applies the search box to a line that is not in an index: words ANDed, in any case, `"phrase"`, `-not`, `prefix*`.
 * Any text is a query.
 *
 * Matches nearly the same as Elasticsearch (`text-clauses.ts`), which splits texts into words with its analyzer. This
 * looks for the text itself, which must not begin or end in the middle of a word. So `err` does not match `error`, and
 * `/pay` matches `GET /pay`.
 */
export function createTextMatcher(query: string): TextMatcher {
  const terms = parseTerms(query.toLowerCase());
  if (terms.length === 0) return null;
  return (folded) => terms.every((term) => contains(folded, term) !== term.isNegated);
}

/** A word ends at white space or a quote. An unclosed quote counts as a space, and so do lone `-` and `*`. */
const token = /(-*)(?:"([^"]*)"|([^\s"]+))/g;

/** Parses the search box. Any text is a query. */
export function parseTerms(query: string): Term[] {
  return [...query.matchAll(token)].flatMap(([, dashes = "", phrase, word = ""]) => {
    const isPrefix = phrase === undefined && word.endsWith("*");
    const text = phrase?.trim() ?? (isPrefix ? word.slice(0, -1) : word);
    const isOperator = phrase === undefined && /^-+$/.test(text);
    // Two dashes cancel each other, as in Elasticsearch's simple query string.
    return text === "" || isOperator ? [] : [{ text, isPrefix, isNegated: dashes.length % 2 === 1 }];
  });
}

/** The cost of a prefix in words: Elasticsearch has to try all words that begin with it. */
const wordsOfPrefix = 4;
/** Splits at least as finely as Elasticsearch's standard analyzer (UAX #29): each ideograph or emoji is a word. */
const ideograph = String.raw`[\p{Script=Han}\p{Script=Hiragana}\p{Extended_Pictographic}]`;
const analyzedWord = new RegExp(`${ideograph}|(?:(?!${ideograph})[\\p{L}\\p{N}\\p{M}_])+`, "gu");

/** Counts the words that Elasticsearch has to look for, even if joined or quoted. A prefix counts as several. */
export function countWords(query: string): number {
  return parseTerms(query).reduce(
    (sum, { text, isPrefix }) =>
      sum + (isPrefix ? wordsOfPrefix : Math.max(1, [...text.matchAll(analyzedWord)].length)),
    0,
  );
}

/** Whether all analyzers see one word: only letters or only digits (some split mixtures), and no ideographs. */
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
    // No word begins before this one ends. Trying each of its letters would be slow for long words.
    if (bindsStart) while (at < text.length && isWordAt(text, at)) at += 1;
    at = text.indexOf(wanted, at);
  }
  return false;
}

/** Whether there is a letter or digit. Halves of surrogate pairs, such as those of emoji, do not count. */
function isWordAt(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  if (code < 0x80) {
    return (code >= 0x30 && code <= 0x39) || (code >= 0x61 && code <= 0x7a) || (code >= 0x41 && code <= 0x5a);
  }
  if (code >= 0xd800 && code <= 0xdfff) return false;
  return letterOrDigit.test(text.charAt(at));
}
