import { endOfString, QUOTE } from "./json-members.ts";

/** `StreamReadConstraints.getMaxNumberLength()` of the JSON parser in Elasticsearch. */
export const maxNumberLength = 1000;
/** `getMaxNestingDepth()`, 1,000, without the few objects that our document puts around a value. */
const maxDepth = 990;

/**
 * Why the JSON parser of Elasticsearch cannot read a document with these values: the rule that one of them breaks.
 *
 * @param rawValues valid JSON
 * @returns null if it can
 */
export function parserLimit(rawValues: Iterable<string>): string | null {
  for (const raw of rawValues) {
    // What is shorter cannot break a rule, and a text breaks none.
    const limit = raw.length <= maxDepth || raw.startsWith('"') ? null : limitIn(raw);
    if (limit !== null) return limit;
  }
  return null;
}

function limitIn(raw: string): string | null {
  let depth = 0;
  let numberAt = 0;
  for (let at = 0; at < raw.length; at += 1) {
    const code = raw.charCodeAt(at);
    if (isOfNumber(code)) {
      if (at - numberAt >= maxNumberLength) return `a number has more than ${maxNumberLength} characters`;
      continue;
    }
    if (code === QUOTE) at = endOfString(raw, at) - 1;
    else if (code === 0x5b || code === 0x7b) depth += 1;
    else if (code === 0x5d || code === 0x7d) depth -= 1;
    if (depth > maxDepth) return `objects or lists are nested more than ${maxDepth} levels deep`;
    numberAt = at + 1;
  }
  return null;
}

/** Digits, `+`, `-`, `.`, `E` and `e`; the letters of `true` and `false` among them do no harm. */
function isOfNumber(code: number): boolean {
  return (
    (code >= 0x30 && code <= 0x39) ||
    code === 0x2b ||
    code === 0x2d ||
    code === 0x2e ||
    (code | 0x20) === 0x65
  );
}
