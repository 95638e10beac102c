import { negated, parseAny, parseGroup } from "./boolean.ts";
import { parseField } from "./field.ts";
import type { Query } from "./query.ts";
import { readQuoted, readWord, type Scanner } from "./scanner.ts";
import { textTest } from "./words.ts";

/**
 * Parses a search: words and `"phrases"`, which must all match; `prefix*`; `-not`, `NOT`, `AND`, `OR` and parentheses;
 * and tests of fields, as `parseField` describes. The manual lists the rules (infra/manual/http-api.md).
 *
 * Other punctuation is part of the words. `not` in lower case is a word unless it follows `and` or `or`, or precedes a
 * parenthesis or a field; `and` and `or` in lower case are words where nothing stands on one of their sides.
 *
 * @returns null if it asks for nothing
 * @throws QueryError if a part is not understood
 */
export function parseQuery(text: string): Query | null {
  return parseAny({ text, at: 0, depth: 0 }, parseTerm);
}

/** A word, a phrase, a test of a field, or a group, possibly after dashes. */
function parseTerm(scanner: Scanner): Query | null {
  const { text } = scanner;
  const dashes = /^-*/.exec(text.slice(scanner.at))?.[0].length ?? 0;
  scanner.at += dashes;
  // Lone dashes mean nothing.
  if (!/^\S/.test(text.slice(scanner.at))) return null;
  const query = parseGroup(scanner, parseTerm) ?? parseField(scanner) ?? parseText(scanner);
  // Two dashes cancel each other, as in Elasticsearch's simple query string.
  return query === null || dashes % 2 === 0 ? query : negated(query);
}

/** A phrase or a word. An unclosed quote counts as a space. */
function parseText(scanner: Scanner): Query | null {
  const { text, at } = scanner;
  const phrase = readQuoted(scanner)?.trim();
  if (phrase !== undefined) return phrase === "" ? null : { kind: "text", text: phrase, form: "whole" };
  if (text[at] !== '"') return textTest({ at, text: readWord(scanner) });
  scanner.at += 1;
  return null;
}
