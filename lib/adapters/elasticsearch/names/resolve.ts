import { z } from "zod";
import { askAbout, type Get } from "./asking.ts";
import type { ResolvedName } from "./resolved-name.ts";

/** What to resolve: `filter_path` of the answers, which leaves out the rest. */
export const resolvable = {
  indices: "indices.name,indices.data_stream",
  moving: "aliases.name,aliases.indices,data_streams.name,data_streams.backing_indices",
  kinds: "indices.name,aliases.name,data_streams.name",
} as const;

/** Elasticsearch writes a list of one index as the index alone. */
const list = z.union([z.string().transform((one) => [one]), z.array(z.string())]).default([]);
const shape = z.object({
  indices: z.array(z.object({ name: z.string(), data_stream: z.string().optional() })).default([]),
  aliases: z.array(z.object({ name: z.string(), indices: list })).default([]),
  data_streams: z.array(z.object({ name: z.string(), backing_indices: list })).default([]),
});

/**
 * Finds out what names and patterns stand for. Left out is what does not exist, or what the user may not see.
 * @param filter_path see `resolvable`; with `kinds` no indices of aliases and streams are returned
 * @returns by name; behind an alias of streams are their indices
 * @throws PenstockError `elasticsearch_unavailable` or `elasticsearch_refused`
 */
export async function resolveNames(
  get: Get,
  names: readonly string[],
  filter_path = `${resolvable.indices},${resolvable.moving}`,
): Promise<ReadonlyMap<string, ResolvedName>> {
  const querystring = { ignore_unavailable: "true", expand_wildcards: "all", filter_path };
  const path = (text: string): string => `/_resolve/index/${text}`;
  const found = new Map<string, ResolvedName>();
  for (const answer of await askAbout(get, names, { path, querystring, shape })) {
    for (const { name, data_stream: stream = null } of answer.indices)
      found.set(name, { kind: "index", indices: [name], stream });
    for (const { name, backing_indices: indices } of answer.data_streams)
      found.set(name, { kind: "data stream", indices, stream: null });
    for (const { name, indices } of answer.aliases) found.set(name, { kind: "alias", indices, stream: null });
  }
  return found;
}
