import { z } from "zod";
import { indexForTimestamp, indexPatternOf, leadsTo } from "../../../rules/model/names.ts";
import type { TargetKind } from "../../../rules/progress/holdings.ts";
import { askAbout, type AskElasticsearch } from "./asking.ts";

/** What a name refers to, and the indices behind it in the order of their age, as far as names tell. */
export interface Members {
  readonly kind: TargetKind;
  readonly indices: readonly string[];
}

/** Elasticsearch writes a list of one index as the index alone. */
const list = z.union([z.string().transform((one) => [one]), z.array(z.string())]);
const resolvedShape = z.object({
  indices: z.array(z.object({ name: z.string() })).default([]),
  aliases: z.array(z.object({ name: z.string(), indices: list })).default([]),
  data_streams: z.array(z.object({ name: z.string(), backing_indices: list })).default([]),
});

/**
 * Finds what the targets refer to; a name that nothing has is `absent`.
 * @param targets `index` of specifications
 * @throws PenstockError `elasticsearch_unavailable` or `elasticsearch_refused`
 */
export async function findMembers(
  elasticsearch: AskElasticsearch,
  targets: readonly string[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Members>> {
  const querystring = {
    ignore_unavailable: "true",
    expand_wildcards: "all",
    filter_path: "indices.name,aliases,data_streams.name,data_streams.backing_indices",
  };
  const found = await askAbout(elasticsearch, targets.map(indexPatternOf), signal, (text) => ({
    path: `/_resolve/index/${text}`,
    querystring,
    shape: resolvedShape,
  }));
  const places = new Map<string, Members>();
  for (const { indices, aliases, data_streams: streams } of found) {
    for (const { name } of indices) places.set(name, { kind: "index", indices: [name] });
    for (const { name, indices: aliased } of aliases) places.set(name, { kind: "alias", indices: aliased });
    for (const { name, backing_indices: backing } of streams)
      places.set(name, { kind: "data stream", indices: backing });
  }
  const names = [...places.keys()].sort();
  return new Map(targets.map((target) => [target, membersOf(target, places, names)]));
}

function membersOf(target: string, places: ReadonlyMap<string, Members>, names: readonly string[]): Members {
  if (!isDated(target)) return places.get(target) ?? { kind: "absent", indices: [] };
  // The days of one template sort by name.
  const days = names.filter((name) => leadsTo(target, name));
  return days.length === 0
    ? { kind: "absent", indices: [] }
    : { kind: "dated indices", indices: days.flatMap((day) => places.get(day)?.indices ?? []) };
}

function isDated(target: string): boolean {
  return indexForTimestamp(target, 0) !== target;
}
