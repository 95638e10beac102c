import { indexPatternOf } from "../../../rules/model/names.ts";
import type { Elasticsearch } from "../client.ts";
import { findMissingPrivileges } from "../names/privileges.ts";

/** For names and lifecycles, for sizes, for the times of documents. */
const NEEDED = ["view_index_metadata", "monitor", "read"];

/**
 * Returns a sentence for each target of which the user may not see everything; none if Elasticsearch checks no privileges.
 * @throws PenstockError `elasticsearch_unavailable` or `elasticsearch_refused`
 */
export async function missingPrivileges(
  elasticsearch: Pick<Elasticsearch, "ask">,
  targets: readonly string[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  const names = [...new Set(targets.map(indexPatternOf))];
  const index = [{ names, privileges: NEEDED }];
  const missing = await findMissingPrivileges(elasticsearch, { index }, signal);
  return new Map(
    targets.flatMap((target) => {
      const pattern = indexPatternOf(target);
      const lacks = NEEDED.filter((privilege) => missing?.index.get(pattern)?.includes(privilege));
      const [one] = lacks;
      if (one === undefined) return [];
      const what = lacks.length === 1 ? `privilege ${one} is` : `privileges ${lacks.join(", ")} are`;
      return [[target, `the index ${what} missing on ${pattern}`] as const];
    }),
  );
}
