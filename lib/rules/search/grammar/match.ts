import { parseTimeExpression } from "./time-expression.ts";
import type { Bound, FieldTest, Query, TextTest, ValueTest } from "./query.ts";

/** A record that is not in an index. */
export interface SearchedRecord {
  /** All its searchable text, in lower case. */
  readonly folded: () => string;
  /** The words of a field, or of all its searchable text if null; in lower case. */
  readonly words: (field: string | null) => readonly string[];
  /** The values of a field; those of lists one by one. */
  readonly values: (field: string) => readonly unknown[];
}

/** A record that many tests look at: all that they read is made at its first use, and once. */
export function searchedRecord({ folded, values }: Omit<SearchedRecord, "words">): SearchedRecord {
  let text: string | null = null;
  const whole = (): string => (text ??= folded());
  const valuesOf = remembering(values);
  const textOf = (field: string): string => valuesOf(field).map(String).join("\n").toLowerCase();
  const words = remembering((field: string | null) => wordsOf(field === null ? whole() : textOf(field)));
  return { folded: whole, words, values: valuesOf };
}

function remembering<K, V extends object>(make: (key: K) => V): (key: K) => V {
  const made = new Map<K, V>();
  return (key) => {
    const value = made.get(key) ?? make(key);
    made.set(key, value);
    return value;
  };
}

function wordsOf(text: string): readonly string[] {
  return text.match(/[\p{L}\p{N}\p{M}]+/gu) ?? [];
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
    return textMatcher({ ...query, text: query.text.toLowerCase() });
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

function textMatcher({ text, form }: TextTest): NonNullable<Matcher> {
  if (form !== "wildcard") return (record) => contains(record.folded(), text, form === "prefix");
  const isLike = likeness(text);
  return (record) => record.words(null).some(isLike);
}

/** The field whose words count, not its value as a whole. */
const textField = "message";

function fieldMatcher({ field, test, whole, mayBeText }: FieldTest, nowMs: number): NonNullable<Matcher> {
  const isText = field === textField;
  const matches = valueMatcher(test, isText, nowMs);
  const isOfWords = isText && test.kind === "like";
  const byValue = ({ words, values }: SearchedRecord): boolean =>
    (isOfWords ? words(field) : values(field)).some(matches);
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
  if (test.kind === "like") {
    const isLike = likeness(test.pattern.toLowerCase());
    return (value) => isLike(String(value).toLowerCase());
  }
  const wanted = test.value.toLowerCase();
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
function likeness(pattern: string): (text: string) => boolean {
  const pieces = pattern.split("*");
  const [first = "", last = ""] = [pieces[0], pieces.at(-1)];
  const inner = pieces.slice(1, -1);
  return (text) => {
    if (!text.startsWith(first) || !text.endsWith(last) || text.length < first.length + last.length)
      return false;
    let at = first.length;
    for (const piece of inner) {
      const found = text.indexOf(piece, at);
      if (found === -1) return false;
      at = found + piece.length;
    }
    return at <= text.length - last.length;
  };
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
