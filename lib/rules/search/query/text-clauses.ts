import { flattenedWords, wordFields } from "../../template/template-body.ts";
import { isOneWord, parseTerms, type Term } from "./text-query.ts";

/** The fields to search if there are too many fields for the words. */
const fewWords: readonly string[] = [flattenedWords];
const fewFields: readonly string[] = ["message", ...fewWords];

/** Clauses of a `bool` query. */
export interface TextClauses {
  readonly must: readonly object[];
  readonly must_not: readonly object[];
}

/**
 * Translates the search box into Elasticsearch queries; no text causes an error. Terms are looked for in each index's
 * default fields (`index.query.default_field`). With Penstock's template these are the message and the words of each
 * other field; indices from before that search all fields.
 *
 * A term that an analyzer splits into several words (`user_login`, `10.0.0.1`, a URL), or a quoted one, must match as a
 * phrase in fields that know the order of their words, such as the message. Other fields must contain all of its words.
 *
 * @param few whether to search only the message, and the words of flattened records
 */
export function textClauses(query: string, few: boolean): TextClauses {
  const terms = parseTerms(query);
  const clauses = (negated: boolean): object[] =>
    terms.filter(({ isNegated }) => isNegated === negated).map((term) => clauseOf(term, few));
  return { must: clauses(false), must_not: clauses(true) };
}

function clauseOf(term: Term, few: boolean): object {
  const among = {
    query: term.text,
    ...(few && { fields: fewFields }),
    // Numeric fields accept no text, and fields without positions no phrase. They match nothing instead of failing.
    lenient: true,
  };
  if (term.isPrefix) return prefixOf(term.text, among, wordsOf(term.text, few));
  const phrase = { multi_match: { ...among, type: "phrase", ...emptyIs(term) } };
  if (isOneWord(term.text)) return phrase;
  const words = { ...wordsOf(term.text, few), operator: "and", ...emptyIs(term) };
  return anyOf([phrase, { multi_match: words }]);
}

/** Matches the words of a field in any order. */
function wordsOf(query: string, few: boolean): object {
  return { query, fields: few ? fewWords : wordFields, lenient: true };
}

/** Punctuation alone matches everything, so the other terms decide. A word that an analyzer drops does not match. */
function emptyIs({ text, isNegated }: Term): object {
  return { zero_terms_query: isNegated || /[\p{L}\p{N}]/u.test(text) ? "none" : "all" };
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
