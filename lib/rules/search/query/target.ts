import type { Specification } from "../../model/declaration.ts";
import { recordsAlias } from "../../template/index-template.ts";
import { indexPatternOf } from "../../model/names.ts";

/** Elasticsearch takes a request line of 4 KB; index names are put into it. */
export const maxTargetLength = 3_000;

/**
 * The indices, patterns and aliases in which the topics' documents are found.
 * @param topics of the request; empty: all that are in force
 * @param managed true: Penstock keeps the index template, and so the alias is there
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
  if (indices.length === 0) return [];
  const tooMany = topics.length === 0 || targetText(indices).length > maxTargetLength;
  return managed && tooMany ? [recordsAlias] : indices;
}

/** The same for what may be of topics that are not in force any more, or are not known here. */
export function widestTarget(
  inForce: ReadonlyMap<string, Specification>,
  managed: boolean,
): readonly string[] {
  const indices = searchTarget([...inForce.keys()], inForce, managed);
  return managed ? [...new Set([...indices, recordsAlias])] : indices;
}

/** As it stands in a path. */
export function targetText(indices: readonly string[]): string {
  return indices.map(encodeURIComponent).join(",");
}
