import { quotedText } from "../search/grammar/query.ts";
import { wildcard } from "./mask.ts";
import type { Pattern } from "./patterns.ts";

/** More would not narrow a search any further, and each costs time. */
const MAX_PHRASES = 5;
/** Elasticsearch ends a word at each of these, whatever stands beside it. */
const boundary = String.raw`[\s=()[\]{}<>|;"/-]`;
const brokenStart = new RegExp(`^.*?(?=${boundary}|$)`);
const brokenEnd = new RegExp(`(?<=${boundary}|^)(?:(?!${boundary}).)*$`);

/**
 * The search that finds a pattern's lines: the longest texts between what differs, as phrases of whole words. It may find
 * other lines that contain them.
 * @returns null if no words stay the same
 */
export function patternQuery({ words }: Pick<Pattern, "words">, exclude: boolean): string | null {
  const texts = words.join(" ").split(wildcard);
  const phrases = texts
    .map((text, at) => (at === 0 ? text : text.replace(brokenStart, "")))
    .map((text, at) => (at === texts.length - 1 ? text : text.replace(brokenEnd, "")).trim())
    .filter((text) => /[\p{L}\p{N}]/u.test(text))
    .toSorted((a, b) => b.length - a.length)
    .slice(0, MAX_PHRASES)
    .map(quotedText);
  if (phrases.length === 0) return null;
  if (!exclude) return phrases.join(" ");
  return phrases.length === 1 ? `NOT ${phrases[0] ?? ""}` : `NOT (${phrases.join(" AND ")})`;
}
