import { parseTimeExpression } from "./time-expression.ts";
import type { Bound, FieldTest, Query, TextTest, ValueTest } from "./query.ts";

/** A record that is not in an index. */
export interface SearchedRecord {
  /** All its searchable text, in lower case. */
  readonly folded: () => string;
  /** The values of a field; those of lists one by one. */
  readonly values: (field: string) => readonly unknown[];
}

/** Null if everything matches, so that records need not be read. */
export type Matcher = ((record: SearchedRecord) => boolean) | null;

/**
 * Applies a search to records that are not in an index.
 *
 * Matches nearly the same as Elasticsearch (`search-clauses.ts`), which splits texts into words with its analyzer. This
 * looks for the text itself, which must not begin or end in the middle of a word. So `err` does not match `error`, and
 * `/pay` matches `GET /pay`. A field is compared by the values in the record, as no mapping is known; where its name
 * may be plain text, it is looked for as text too.
 *
 * @param nowMs the time that `now` means
 */
export function createMatcher(query: Query | null, nowMs: number): Matcher {
  return query === null ? null : matcherOf(query, nowMs);
}

function matcherOf(query: Query, nowMs: number): NonNullable<Matcher> {
  if (query.kind === "text") {
    const test = { ...query, text: query.text.toLowerCase() };
    return (record) => textMatches(record.folded(), test);
  }
  if (query.kind === "field") return fieldMatcher(query, nowMs);
  if (query.kind === "not") {
    const inner = matcherOf(query.of, nowMs);
    return (record) => !inner(record);
  }
  const parts = query.of.map((each) => matcherOf(each, nowMs));
  return query.kind === "all"
    ? (record) => parts.every((matches) => matches(record))
    : (record) => parts.some((matches) => matches(record));
}

function textMatches(folded: string, { text, form }: TextTest): boolean {
  if (form !== "wildcard") return contains(folded, text, form === "prefix");
  return wordsOf(folded).some((word) => isLike(word, text));
}

function wordsOf(folded: string): string[] {
  return folded.match(/[\p{L}\p{N}\p{M}]+/gu) ?? [];
}

/** The field whose words count, not its value as a whole. */
const textField = "message";

function fieldMatcher({ field, test, whole, mayBeText }: FieldTest, nowMs: number): NonNullable<Matcher> {
  const isText = field === textField;
  const matches = valueMatcher(test, isText, nowMs);
  const byValue = (record: SearchedRecord): boolean => record.values(field).some(matches);
  if (!mayBeText || whole === null) return byValue;
  const text = whole.text.toLowerCase();
  return (record) => byValue(record) || contains(record.folded(), text, false);
}

function valueMatcher(test: ValueTest, isText: boolean, nowMs: number): (value: unknown) => boolean {
  if (test.kind === "exists") return (value) => value !== null;
  if (test.kind === "range") {
    const { from, to } = test;
    return (value) => isBeyond(value, from, 1, nowMs) && isBeyond(value, to, -1, nowMs);
  }
  const wanted = (test.kind === "is" ? test.value : test.pattern).toLowerCase();
  if (test.kind === "like") {
    return (value) => {
      const text = String(value).toLowerCase();
      return isText ? wordsOf(text).some((word) => isLike(word, wanted)) : isLike(text, wanted);
    };
  }
  return (value) => {
    if (typeof value === "number") return numberOf(wanted) === value;
    const text = String(value).toLowerCase();
    return isText ? contains(text, wanted, false) : text === wanted;
  };
}

/** Whether the value lies on the side of the bound that `sign` says, or there is no bound. */
function isBeyond(value: unknown, bound: Bound | null, sign: 1 | -1, nowMs: number): boolean {
  if (bound === null) return true;
  const numbers = [numberOf(value), numberOf(bound.value)];
  const pair = numbers.every((number) => Number.isFinite(number))
    ? numbers
    : [String(value), bound.value].map((text) => parseTimeExpression(text, nowMs) ?? Number.NaN);
  const [given = Number.NaN, end = Number.NaN] = pair;
  return (given - end) * sign > 0 || (bound.included && given === end);
}

function numberOf(value: unknown): number {
  return typeof value === "number" || (typeof value === "string" && value.trim() !== "")
    ? Number(value)
    : Number.NaN;
}

/** Whether a text fits a pattern with `*` for any characters. Takes time in proportion to the text. */
function isLike(text: string, pattern: string): boolean {
  const pieces = pattern.split("*");
  const [first = "", last = ""] = [pieces[0], pieces.at(-1)];
  if (pieces.length === 1) return text === pattern;
  if (!text.startsWith(first) || !text.endsWith(last) || text.length < first.length + last.length)
    return false;
  let at = first.length;
  for (const piece of pieces.slice(1, -1)) {
    const found = text.indexOf(piece, at);
    if (found === -1) return false;
    at = found + piece.length;
  }
  return at <= text.length - last.length;
}

const letterOrDigit = /[\p{L}\p{N}]/u;

function contains(text: string, wanted: string, isPrefix: boolean): boolean {
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
