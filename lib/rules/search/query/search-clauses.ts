import { flattenedWords, wordFields } from "../../template/template-body.ts";
import type { MappedField } from "../grammar/mapping.ts";
import type { Query, TextTest } from "../grammar/query.ts";
import { isOneWord } from "../grammar/words.ts";
import { fieldClause } from "./field-clauses.ts";

/** The fields to search if there are too many fields for the words. */
export const fewFields: readonly string[] = ["message", flattenedWords];

/** Clauses of a `bool` query. */
export interface SearchClauses {
  readonly must: readonly object[];
  readonly must_not: readonly object[];
}

export interface SearchIn {
  /** The fields of texts; null for each index's default fields. */
  readonly fields: readonly string[] | null;
  /** How the indices map a field of the query; null if they have none. */
  readonly fieldOf: (name: string) => MappedField | null;
}

/**
 * Translates a search into Elasticsearch queries. Texts are looked for in each index's default fields
 * (`index.query.default_field`). With Penstock's template these are the message and the words of each other field; indices
 * from before that search all fields.
 *
 * A text that an analyzer splits into several words (`user_login`, `10.0.0.1`, a URL), or a quoted one, must match as a
 * phrase in fields that know the order of their words, such as the message. Other fields must contain all of its words.
 *
 * @throws QueryError if a value does not fit its field
 */
export function searchClauses(query: Query | null, where: SearchIn): SearchClauses {
  const queries = query === null ? [] : query.kind === "all" ? query.of : [query];
  return {
    must: queries.flatMap((each) => (each.kind === "not" ? [] : clauseOf(each, where, "all"))),
    must_not: queries.flatMap((each) => (each.kind === "not" ? clauseOf(each.of, where, "none") : [])),
  };
}

/**
 * Whether a text of punctuation alone matches everything, so that what else is asked for decides, or nothing. A word that
 * an analyzer drops never matches.
 */
type EmptyMatches = "all" | "none";

function clauseOf(query: Query, where: SearchIn, empty: EmptyMatches): object {
  switch (query.kind) {
    case "text":
      return textClause(query, where.fields, empty);
    case "field": {
      const field = where.fieldOf(query.field);
      return field === null ? { match_none: {} } : fieldClause(query, field);
    }
    case "not":
      return { bool: { must_not: [clauseOf(query.of, where, "none")] } };
    case "all":
      return { bool: { must: query.of.map((each) => clauseOf(each, where, empty)) } };
    case "any":
      return anyOf(query.of.map((each) => clauseOf(each, where, "none")));
  }
}

function textClause({ text, form }: TextTest, fields: SearchIn["fields"], empty: EmptyMatches): object {
  const among = {
    query: text,
    ...(fields !== null && { fields }),
    // Numeric fields accept no text, and fields without positions no phrase. They match nothing instead of failing.
    lenient: true,
  };
  if (form === "prefix") return prefixOf(text, among, wordsOf(text, fields));
  if (form === "wildcard") return { query_string: { ...among, analyze_wildcard: true } };
  const isPunctuation = !/[\p{L}\p{N}]/u.test(text);
  const whenEmpty = { zero_terms_query: isPunctuation ? empty : "none" };
  const phrase = { multi_match: { ...among, type: "phrase", ...whenEmpty } };
  if (isOneWord(text)) return phrase;
  return anyOf([phrase, { multi_match: { ...wordsOf(text, fields), operator: "and", ...whenEmpty } }]);
}

/** Matches the words of a field in any order; those of the message must have theirs. */
function wordsOf(query: string, fields: SearchIn["fields"]): object {
  const unordered = fields?.filter((field) => field !== "message") ?? wordFields;
  return { query, fields: unordered, lenient: true };
}

/** Completions of a phrase's last word, per shard. With the default of 50, records with others would not be found. */
const maxExpansions = 1_024;

function prefixOf(text: string, among: object, words: object): object {
  const last = { multi_match: { ...among, type: "bool_prefix", operator: "and" } };
  if (isOneWord(text)) return last;
  // For exact fields, and for older indices, whose analyzer keeps some such terms whole.
  const whole = { simple_query_string: { ...among, query: `${text}*`, flags: "PREFIX" } };
  // After punctuation, any word may follow.
  const endsWithin = /[\p{L}\p{N}\p{M}]$/u.test(text);
  const type = endsWithin ? { type: "phrase_prefix", max_expansions: maxExpansions } : { type: "phrase" };
  return anyOf([
    whole,
    { multi_match: { ...among, ...type } },
    { multi_match: { ...words, operator: "and", ...(endsWithin && { type: "bool_prefix" }) } },
  ]);
}

function anyOf(should: readonly object[]): object {
  return { bool: { should } };
}
