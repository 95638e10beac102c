import type { Specification } from "../../model/declaration.ts";
import { everyAlias } from "../../template/stream-template.ts";
import { indexPatternOf } from "../../model/names.ts";

/** Elasticsearch accepts a request line of 4 KB, which contains the index names. */
export const maxTargetLength = 3_000;

/**
 * Returns the indices, patterns and aliases that contain the topics' documents.
 * @param topics of the request; empty for all current topics
 * @param managed whether Penstock manages the index template, so that the aliases cover all records
 * @param rebuilt the topics whose records two indices have, one of them in an alias; null if that is unknown
 */
export function searchTarget(
  topics: readonly string[],
  inForce: ReadonlyMap<string, Specification>,
  managed: boolean,
  rebuilt: ReadonlySet<string> | null = null,
): readonly string[] {
  const specs = (topics.length === 0 ? [...inForce.keys()] : topics).flatMap(
    (topic) => inForce.get(topic) ?? [],
  );
  const indices = [...new Set(specs.map(({ index }) => indexPatternOf(index)))];
  // What is not in force any more may be in any index of ours.
  if (managed && topics.some((topic) => !inForce.has(topic)))
    return [...new Set([...indices, ...everyAlias])];
  if (indices.length === 0) return [];
  const wanted = managed && topics.length === 0 ? [...namesOf(specs, rebuilt), ...everyAlias] : indices;
  return managed && targetText(wanted).length > maxTargetLength ? everyAlias : wanted;
}

/**
 * An index that is older than our template, or made by another one, lacks the alias, and so do the indices of an alias. What
 * a pattern covers may be anybody's.
 */
function namesOf(specs: readonly Specification[], rebuilt: ReadonlySet<string> | null): readonly string[] {
  if (rebuilt === null) return [];
  const doubled = new Set(specs.flatMap(({ topic, index }) => (rebuilt.has(topic) ? index : [])));
  const names = specs.flatMap(({ index }) => (indexPatternOf(index) === index ? index : []));
  return [...new Set(names).difference(doubled)];
}

/** The same, including topics that are no longer declared or unknown here. */
export function widestTarget(
  inForce: ReadonlyMap<string, Specification>,
  managed: boolean,
): readonly string[] {
  const indices = searchTarget([...inForce.keys()], inForce, managed);
  return managed ? [...new Set([...indices, ...everyAlias])] : indices;
}

/** The indices as part of a URL's path. */
export function targetText(indices: readonly string[]): string {
  return indices.map(encodeURIComponent).join(",");
}
