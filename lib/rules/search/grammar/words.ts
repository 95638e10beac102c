import { type Part, type Query, QueryError, quotedText, textTests } from "./query.ts";

/**
 * A word as a test. `*` is special at its end, and between letters or digits.
 * @returns null if it asks for nothing
 * @throws QueryError for a word that begins with `*`: all words of all fields would have to be tried
 */
export function textTest({ at, text }: Part): Query | null {
  const isPrefix = text.endsWith("*");
  const stem = text.replace(/\*+$/, "");
  if (stem === "") return null;
  if (/^\*+[\p{L}\p{N}_*]+$/u.test(text)) {
    const rule = `begins with *: any word could end like this. Name a field (message: ${text}), or put it in quotes`;
    throw new QueryError({ at, text }, rule, [`message: ${text}`, quotedText(text)]);
  }
  if (/^[\p{L}\p{N}_]+(?:\*+[\p{L}\p{N}_]+)+$/u.test(stem)) {
    return { kind: "text", text: text.replaceAll(/\*+/g, "*"), form: "wildcard" };
  }
  return { kind: "text", text: stem, form: isPrefix ? "prefix" : "whole" };
}

/** The cost of a prefix in words: Elasticsearch has to try all words that begin with it. */
const wordsOfPrefix = 4;
/** Splits at least as finely as Elasticsearch's standard analyzer (UAX #29): each ideograph or emoji is a word. */
const ideograph = String.raw`[\p{Script=Han}\p{Script=Hiragana}\p{Extended_Pictographic}]`;
const analyzedWord = new RegExp(`${ideograph}|(?:(?!${ideograph})[\\p{L}\\p{N}\\p{M}_])+`, "gu");

/** Counts the words that Elasticsearch has to look for in all fields, even if joined or quoted. A prefix counts as several. */
export function countWords(query: Query | null): number {
  return textTests(query).reduce(
    (sum, { text, form }) =>
      sum + (form === "whole" ? Math.max(1, [...text.matchAll(analyzedWord)].length) : wordsOfPrefix),
    0,
  );
}

/** Whether all analyzers see one word: only letters or only digits (some split mixtures), and no ideographs. */
export function isOneWord(text: string): boolean {
  return /^(?:[\p{L}\p{M}]+|\p{N}+)$/u.test(text) && !new RegExp(ideograph, "u").test(text);
}
