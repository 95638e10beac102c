import { flattenedWords, wordFields } from "../../template/template-body.ts";
import { isOneWord, parseTerms, type Term } from "./text-query.ts";

/** What is looked through where the fields are too many for the words. */
const fewWords: readonly string[] = [flattenedWords];
const fewFields: readonly string[] = ["message", ...fewWords];

/** Of a `bool` query. */
export interface TextClauses {
  readonly must: readonly object[];
  readonly must_not: readonly object[];
}

/**
 * What the search box asks for, as queries of Elasticsearch that no text makes an error of. A term is looked for in the
 * fields that each index has for it (`index.query.default_field`): of Penstock's template the message and the words of
 * each other field, of one from before all fields there are.
 *
 * What an analyzer parts into several words (`user_login`, `10.0.0.1`, a URL), or stands in quotes, is to be found as it
 * stands where a field knows the order of its words, which the message does; of the words of another field, which do not,
 * all are to be there.
 *
 * @param few true: the message alone is looked through, and the words of records that were flattened
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
    // A number's field takes no text, and one without positions no phrase: neither finds anything, nor fails the search.
    lenient: true,
  };
  if (term.isPrefix) return prefixOf(term.text, among, wordsOf(term.text, few));
  const phrase = { multi_match: { ...among, type: "phrase", ...emptyIs(term) } };
  if (isOneWord(term.text)) return phrase;
  const words = { ...wordsOf(term.text, few), operator: "and", ...emptyIs(term) };
  return anyOf([phrase, { multi_match: words }]);
}

/** The words of a field, in any order. */
function wordsOf(query: string, few: boolean): object {
  return { query, fields: few ? fewWords : wordFields, lenient: true };
}

/** Signs without a word narrow nothing: what else was typed decides. A word that one field's analyzer drops is not in it. */
function emptyIs({ text, isNegated }: Term): object {
  return { zero_terms_query: isNegated || /[\p{L}\p{N}]/u.test(text) ? "none" : "all" };
}

/** Terms that a phrase may end with, per shard. By default they are 50: what begins with the others would not be found. */
const maxExpansions = 1_024;

function prefixOf(text: string, among: object, words: object): object {
  const last = { multi_match: { ...among, type: "bool_prefix", operator: "and" } };
  if (isOneWord(text)) return last;
  // Exact fields, and older indices, whose analyzer leaves some of them whole.
  const whole = { simple_query_string: { ...among, query: `${text}*`, flags: "PREFIX" } };
  // Behind a sign the next word is any.
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
