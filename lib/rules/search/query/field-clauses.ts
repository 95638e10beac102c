import { type Kind, type MappedField } from "../grammar/mapping.ts";
import { type FieldTest, QueryError, type ValueTest } from "../grammar/query.ts";
import { parseTimeExpression } from "../grammar/time-expression.ts";

/** Dates as people write them; a day means all of it. */
const dateFormat = "strict_date_optional_time||epoch_millis";

/**
 * Translates the test of a field into an Elasticsearch query. Case never matters; a text must contain the words in this
 * order, any other field must be the value.
 * @throws QueryError if the field's type does not know such values
 */
export function fieldClause(asked: FieldTest, field: MappedField): object {
  const { test } = asked;
  if (test.kind === "exists") return { exists: { field: field.name } };
  const kinds = field.kinds.filter((kind) => takes(kind, test, field));
  if (kinds.length === 0 && (field.words === null || test.kind === "range")) throw unfit(asked, field);
  if (test.kind === "range") return rangeClause(test, field);
  return test.kind === "is" ? isClause(test.value, kinds, field) : likeClause(test.pattern, kinds, field);
}

/** Whether a field of this kind may be tested like this. */
function takes(kind: Kind, test: ValueTest, { isKey }: MappedField): boolean {
  if (test.kind === "range") {
    const ends = [test.from, test.to].flatMap((end) => end?.value ?? []);
    return ends.every((end) => isComparable(kind, end));
  }
  if (test.kind === "like")
    return (
      kind === "text" || kind === "keyword" || (kind === "flattened" && (!isKey || isPrefix(test.pattern)))
    );
  if (test.kind !== "is") return true;
  if (kind === "boolean") return /^(?:true|false)$/i.test(test.value);
  if (kind === "number" || kind === "date" || kind === "ip") return isComparable(kind, test.value);
  return kind !== "other";
}

function isComparable(kind: Kind, value: string): boolean {
  if (kind === "number") return /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(value);
  if (kind === "date") return isDate(value);
  return kind === "ip" && /^(?:\d{1,3}(?:\.\d{1,3}){3}|[\da-f:]*:[\da-f:.]*)(?:\/\d{1,3})?$/i.test(value);
}

function isDate(value: string): boolean {
  return /^\d{4}(?:-\d\d){0,2}$/.test(value) || parseTimeExpression(value, 0) !== null;
}

function isPrefix(pattern: string): boolean {
  return pattern.indexOf("*") === pattern.length - 1;
}

const ranges = ["number", "date", "ip"] as const;

function rangeClause(
  { from, to }: ValueTest & { readonly kind: "range" },
  { name, kinds }: MappedField,
): object {
  const isDateOnly = kinds.length === 1 && kinds[0] === "date";
  return {
    range: {
      [name]: {
        ...(from !== null && { [from.included ? "gte" : "gt"]: from.value }),
        ...(to !== null && { [to.included ? "lte" : "lt"]: to.value }),
        ...(isDateOnly && { format: dateFormat }),
      },
    },
  };
}

/** A sentence if a range compares text in some indices; null otherwise. */
export function rangeNote({ test, field }: FieldTest, { kinds, types }: MappedField): string | null {
  if (test.kind !== "range" || kinds.every((kind) => ranges.some((each) => each === kind))) return null;
  return `${field} is ${types.join(" or ")}, depending on the index: where it is text, it is not compared as a number.`;
}

/** In indices with several types, no query may be refused by one of them. */
function isClause(value: string, kinds: readonly Kind[], { name, kinds: all, words }: MappedField): object {
  const [kind] = all;
  const inWords =
    words === null
      ? null
      : { match: { [words.name]: { query: value, operator: "and", zero_terms_query: "all" } } };
  if (kinds.length === 0 && inWords !== null) return inWords;
  if (all.length > 1 || kind === undefined || kind === "other") {
    const isByWords = inWords !== null && !kinds.includes("number") && all.includes("number");
    const ways = spellings(value).map((query) => phraseOf(name, query));
    // Text in a numeric field is found by its words only.
    return { bool: { should: isByWords ? [...ways, inWords] : ways } };
  }
  if (kind === "text") return phraseOf(name, value);
  if (kind === "date") return { range: { [name]: { gte: value, lte: value, format: dateFormat } } };
  if (kind === "number" || kind === "ip") return { term: { [name]: value } };
  if (kind === "boolean") return { term: { [name]: value.toLowerCase() === "true" } };
  const term = { term: { [name]: { value, case_insensitive: true } } };
  // Comparing all values of an unindexed field is slow; its words are indexed.
  return inWords !== null && words?.isEverywhere === true ? { bool: { filter: [inWords, term] } } : term;
}

/** `lenient`: an index whose type does not know the value finds nothing, instead of failing. */
function phraseOf(field: string, query: string): object {
  return { multi_match: { query, fields: [field], type: "phrase", lenient: true } };
}

/** Where a value is compared with its case, because not all indices map the field alike. */
function spellings(value: string): string[] {
  const [lower, upper] = [value.toLowerCase(), value.toUpperCase()];
  return [...new Set([value, lower, upper, upper.slice(0, 1) + lower.slice(1)])];
}

function likeClause(
  pattern: string,
  kinds: readonly Kind[],
  { name, kinds: all, words, isKey }: MappedField,
): object {
  if (kinds.length === 0 && words !== null) return wildcard(words.name, pattern);
  if (all.length === 1) return isKey ? { prefix: { [name]: pattern.slice(0, -1) } } : wildcard(name, pattern);
  // Its other types refuse a wildcard query.
  const query = pattern.split("*").map(escaped).join("*");
  return { query_string: { query, fields: [name], analyze_wildcard: true, lenient: true } };
}

function wildcard(field: string, pattern: string): object {
  const value = pattern.replaceAll(/[\\?]/g, String.raw`\$&`);
  return { wildcard: { [field]: { value, case_insensitive: true } } };
}

function escaped(text: string): string {
  return text.replaceAll(/[^\p{L}\p{N}_]/gu, (sign) => (/[<>]/.test(sign) ? "?" : `\\${sign}`));
}

function unfit({ field, test, value }: FieldTest, { types, kinds }: MappedField): QueryError {
  const type = types.join(" or ");
  const rule = ((): string => {
    if (kinds.every((kind) => kind === "other")) return `cannot be searched: ${field} is ${type}`;
    if (test.kind === "range") {
      return kinds.some((kind) => ranges.some((each) => each === kind))
        ? `does not fit: ${field} is ${type}`
        : `compares numbers, times and IP addresses, and ${field} is ${type}`;
    }
    if (test.kind === "like") return `has a *, which only texts may have, and ${field} is ${type}`;
    return `is not a value of ${field}, which is ${type}`;
  })();
  return new QueryError(value, rule);
}
