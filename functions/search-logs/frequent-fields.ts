import { setImmediate } from "node:timers/promises";
import type { FoundHit } from "../../lib/rules/search/hits/answer.ts";
import { createFieldCount } from "../../lib/rules/search/fields/field-names.ts";

/** The most frequent fields of some documents. Others have their turn after each of them: it may be large. */
export async function frequentFields(hits: readonly FoundHit[], most: number): Promise<string[]> {
  const count = createFieldCount();
  for (const { source } of hits) {
    if (source === null) continue;
    count.add(source.object);
    await setImmediate();
  }
  return count.mostFrequent(most);
}
