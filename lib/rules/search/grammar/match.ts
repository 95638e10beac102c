import type { Looks } from "../../json/values-at.ts";
import { parseTimeExpression } from "./time-expression.ts";
import type { Bound, FieldTest, Query, TextTest, ValueTest } from "./query.ts";

/**
 * What one search may look at in one record: each of its tests looks at all values or words of its field, and a list may
 * have very many. No ordinary record comes near, and nothing else on a host runs meanwhile.
 */
export const maxLooks = 50_000;
/** What else takes time, measured in looks: to read a time, to look for a text in another, to skip the rest of a word. */
const looksPerTime = 10;
const looksPerCharacter = 0.001;
const looksPerSkipped = 0.1;
/** No number and no time is longer. */
const longestNumber = 500;

/** A record that is not in an index. What is too much to look at is empty. */
export interface SearchedRecord {
  /** All its searchable text, in lower case. */
  readonly folded: () => string;
  /** The words of a field, or of all its searchable text if null; in lower case. */
  readonly words: (field: string | null, looks: Looks) => readonly string[];
  /** The values of a field; those of lists one by one. */
  readonly values: (field: string, looks: Looks) => readonly unknown[];
}

/** A record that many tests look at: all that they read is made at its first use, and once. */
export function searchedRecord({ folded, values }: Omit<SearchedRecord, "words">): SearchedRecord {
  let text: string | null = null;
  const whole = (): string => (text ??= folded());
  const valuesOf = remembering(values);
  const textOf = (field: string, looks: Looks): string =>
    valuesOf(field, looks).map(String).join("\n").toLowerCase();
  const words = remembering((field: string | null, looks) =>
    wordsOf(field === null ? whole() : textOf(field, looks), looks),
  );
  return { folded: whole, words, values: valuesOf };
}

/** Who looks at what is already made pays as much as who made it: a verdict does not depend on other searches. */
function remembering<K, T>(
  make: (key: K, looks: Looks) => readonly T[],
): (key: K, looks: Looks) => readonly T[] {
  const made = new Map<K, { readonly all: readonly T[]; readonly cost: number }>();
  return (key, looks) => {
    const { all, cost } = made.getOrInsertComputed(key, () => {
      const own = { left: maxLooks };
      return { all: make(key, own), cost: maxLooks - own.left };
    });
    looks.left -= cost;
    return looks.left < 0 ? [] : all;
  };
}

function wordsOf(text: string, looks: Looks): readonly string[] {
  const words: string[] = [];
  for (const [word] of text.matchAll(/[\p{L}\p{N}\p{M}]+/gu)) {
    looks.left -= 1;
    if (looks.left < 0) break;
    words.push(word);
  }
  return words;
}

/** Null if everything matches, so that records need not be read. Without a verdict, it returns null: see `maxLooks`. */
export type Matcher = ((record: SearchedRecord) => boolean | null) | null;

type Test = (record: SearchedRecord, looks: Looks) => boolean;

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
  if (query === null) return null;
  const test = testOf(query, nowMs);
  return (record) => {
    const looks = { left: maxLooks };
    const isMatch = test(record, looks);
    return looks.left < 0 ? null : isMatch;
  };
}

function testOf(query: Query, nowMs: number): Test {
  if (query.kind === "text") {
    return textMatcher({ ...query, text: query.text.toLowerCase() });
  }
  if (query.kind === "field") return fieldMatcher(query, nowMs);
  if (query.kind === "not") {
    const inner = testOf(query.of, nowMs);
    return (record, looks) => !inner(record, looks);
  }
  const parts = query.of.map((each) => testOf(each, nowMs));
  return query.kind === "all"
    ? (record, looks) => parts.every((matches) => matches(record, looks))
    : (record, looks) => parts.some((matches) => matches(record, looks));
}

function textMatcher({ text, form }: TextTest): Test {
  if (form !== "wildcard")
    return (record, looks) => contains(record.folded(), text, form === "prefix", looks);
  const isLike = likeness(text);
  return (record, looks) => record.words(null, looks).some(isLike);
}

/** The field whose words count, not its value as a whole. */
const textField = "message";

function fieldMatcher({ field, test, whole, mayBeText }: FieldTest, nowMs: number): Test {
  const isText = field === textField;
  const matches = valueMatcher(test, isText, nowMs);
  const isOfWords = isText && test.kind === "like";
  const byValue: Test = ({ words, values }, looks) =>
    (isOfWords ? words(field, looks) : values(field, looks)).some((value) => matches(value, looks));
  if (!mayBeText || whole === null) return byValue;
  const text = whole.text.toLowerCase();
  return (record, looks) => byValue(record, looks) || contains(record.folded(), text, false, looks);
}

function valueMatcher(
  test: ValueTest,
  isText: boolean,
  nowMs: number,
): (value: unknown, looks: Looks) => boolean {
  if (test.kind === "exists") return (value) => value !== null;
  if (test.kind === "range") {
    const isAbove = beyond(test.from, 1, nowMs);
    const isBelow = beyond(test.to, -1, nowMs);
    return (value, looks) => isAbove(value, looks) && isBelow(value, looks);
  }
  if (test.kind === "like") {
    const isLike = likeness(test.pattern.toLowerCase());
    return (value) => isLike(String(value).toLowerCase());
  }
  const wanted = test.value.toLowerCase();
  return (value, looks) => {
    if (typeof value === "number") return numberOf(wanted) === value;
    const text = String(value).toLowerCase();
    return isText ? contains(text, wanted, false, looks) : text === wanted;
  };
}

/** Whether a value lies on the side of the bound that `sign` says, or there is no bound. */
function beyond(bound: Bound | null, sign: 1 | -1, nowMs: number): (value: unknown, looks: Looks) => boolean {
  if (bound === null) return () => true;
  const number = numberOf(bound.value);
  const time = timeOf(bound.value, nowMs);
  return (value, looks) => {
    if (looks.left < 0) return false;
    let [given, end] = [numberOf(value), number];
    if (!Number.isFinite(given) || !Number.isFinite(end)) {
      looks.left -= looksPerTime;
      [given, end] = [timeOf(String(value), nowMs), time];
    }
    return (given - end) * sign > 0 || (bound.included && given === end);
  };
}

function timeOf(text: string, nowMs: number): number {
  return text.length > longestNumber ? Number.NaN : (parseTimeExpression(text, nowMs) ?? Number.NaN);
}

function numberOf(value: unknown): number {
  return typeof value === "number" ||
    (typeof value === "string" && value.length <= longestNumber && value.trim() !== "")
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

function contains(text: string, wanted: string, isPrefix: boolean, looks: Looks): boolean {
  looks.left -= text.length * looksPerCharacter;
  const bindsStart = isWordAt(wanted, 0);
  const bindsEnd = !isPrefix && isWordAt(wanted, wanted.length - 1);
  for (let at = text.indexOf(wanted); at !== -1 && looks.left >= 0; looks.left -= 1) {
    const beginsInside = bindsStart && at > 0 && isWordAt(text, at - 1);
    if (!beginsInside && !(bindsEnd && isWordAt(text, at + wanted.length))) return true;
    at += 1;
    // No word begins before this one ends. Trying each of its letters would be slow for long words.
    if (bindsStart)
      for (; looks.left >= 0 && at < text.length && isWordAt(text, at); looks.left -= looksPerSkipped)
        at += 1;
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
