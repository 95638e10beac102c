import type { Specification } from "../../model/declaration.ts";
import { everyAlias } from "../../template/stream-template.ts";
import { indexPatternOf } from "../../model/names.ts";

/** Elasticsearch accepts a request line of 4 KB, which contains the index names. */
export const maxTargetLength = 3_000;

/**
 * Returns the indices, patterns and aliases that contain the topics' documents.
 * @param topics of the request; empty for all current topics
 * @param managed whether Penstock manages the index template, so that the aliases cover all records
 */
export function searchTarget(
  topics: readonly string[],
  inForce: ReadonlyMap<string, Specification>,
  managed: boolean,
): readonly string[] {
  const specs = (topics.length === 0 ? [...inForce.keys()] : topics).flatMap(
    (topic) => inForce.get(topic) ?? [],
  );
  const indices = [...new Set(specs.map(({ index }) => indexPatternOf(index)))];
  // What is not in force any more may be in any index of ours.
  if (managed && topics.some((topic) => !inForce.has(topic)))
    return [...new Set([...indices, ...everyAlias])];
  if (indices.length === 0) return [];
  const tooMany = topics.length === 0 || targetText(indices).length > maxTargetLength;
  return managed && tooMany ? everyAlias : indices;
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
