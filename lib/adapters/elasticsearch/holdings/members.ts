import { indexFields } from "../../../rules/model/index-fields.ts";
import { indexPatternOf, leadsTo } from "../../../rules/model/names.ts";
import type { TargetKind } from "../../../rules/progress/holdings.ts";
import type { Get } from "../names/asking.ts";
import { resolveNames } from "../names/resolve.ts";

/** What a name refers to, and the indices behind it in the order of their age, as far as names tell. */
export interface Members {
  readonly kind: TargetKind;
  readonly indices: readonly string[];
}

/**
 * Finds what the targets refer to; a name that nothing has is `absent`.
 * @param targets `index` of specifications
 * @throws PenstockError `elasticsearch_unavailable` or `elasticsearch_refused`
 */
export async function findMembers(
  get: Get,
  targets: readonly string[],
): Promise<ReadonlyMap<string, Members>> {
  const places = await resolveNames(get, targets.map(indexPatternOf));
  const names = [...places.keys()].sort();
  return new Map(targets.map((target) => [target, membersOf(target, places, names)]));
}

function membersOf(target: string, places: ReadonlyMap<string, Members>, names: readonly string[]): Members {
  if (indexPatternOf(target) === target) return places.get(target) ?? { kind: "absent", indices: [] };
  // The days of one template sort by name.
  const own = names.filter((name) => leadsTo(target, name));
  const kind = indexFields(target).length > 0 ? "indices by field" : "dated indices";
  return own.length === 0
    ? { kind: "absent", indices: [] }
    : { kind, indices: own.flatMap((name) => places.get(name)?.indices ?? []) };
}
