import { PenstockError } from "../../base/errors.ts";
import { type FieldTest, fieldTests, type Query, QueryError, textTests } from "./query.ts";

/** In characters, of a search and all its filters together. */
export const maxSearchLength = 4_096;
/** What the tests of fields in one search may cost together. */
const maxFieldCost = 32;
/** Elasticsearch tries the values that begin like the pattern, or all values if it begins with `*`. */
const patternCost = 4;
const openPatternCost = 8;

function costOf({ test }: FieldTest): number {
  if (test.kind !== "like") return 1;
  return test.pattern.startsWith("*") ? openPatternCost : patternCost;
}

/** @throws QueryError for the first test of a field that is too much for one search */
export function checkFieldCost(query: Query | null): void {
  let cost = 0;
  for (const test of fieldTests(query)) {
    cost += costOf(test);
    if (cost <= maxFieldCost) continue;
    const rule =
      `is one test too many: a search tests fields at most ${maxFieldCost} times; ` +
      `a pattern counts as ${patternCost}, one that begins with * as ${openPatternCost}`;
    throw new QueryError(test.whole ?? test.value, rule);
  }
}

const maxTailTests = 32;

/** @throws PenstockError `usage` if a query has too many parts to try all on each record */
export function checkTailTests(query: Query | null): void {
  const tests = textTests(query).length + fieldTests(query).length;
  if (tests <= maxTailTests) return;
  const rule = `a live tail compares each record with at most ${maxTailTests}; words in quotes count as one`;
  throw new PenstockError("usage", `the search has ${tests} words, phrases and tests of fields: ${rule}`);
}
