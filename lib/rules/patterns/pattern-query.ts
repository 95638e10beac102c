import { quotedText } from "../search/grammar/query.ts";
import { wildcard } from "./mask.ts";
import type { Pattern } from "./patterns.ts";

/** More would not narrow a search any further, and each costs time. */
const MAX_PHRASES = 3;

/**
 * The search that finds a pattern's lines: its longest runs of words that do not differ, as phrases. It may find other
 * lines that contain them.
 * @returns null if no words stay the same
 */
export function patternQuery({ words }: Pick<Pattern, "words">, exclude: boolean): string | null {
  const runs: string[] = [];
  let run: string[] = [];
  for (const word of [...words, wildcard]) {
    if (!word.includes(wildcard)) {
      run.push(word);
      continue;
    }
    const text = run.join(" ");
    if (/[\p{L}\p{N}]/u.test(text)) runs.push(text);
    run = [];
  }
  const phrases = runs
    .toSorted((a, b) => b.length - a.length)
    .slice(0, MAX_PHRASES)
    .map(quotedText);
  if (phrases.length === 0) return null;
  if (!exclude) return phrases.join(" ");
  return phrases.length === 1 ? `NOT ${phrases[0] ?? ""}` : `NOT (${phrases.join(" AND ")})`;
}
