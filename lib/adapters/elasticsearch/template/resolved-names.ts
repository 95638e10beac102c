import { isObject } from "../../../rules/json/object.ts";
import { streamsAlias } from "../../../rules/template/stream-template.ts";
import { errorOf } from "../transport/version.ts";
import type { SendJson } from "./template.ts";

/** Below the 4 KB of a request line (`http.max_initial_line_length`). */
const MAX_NAMES_LENGTH = 3_000;

/** Splits names into lists that fit into a URL, encoded and joined. */
export function urlLists(names: readonly string[]): string[] {
  const lists: string[] = [];
  for (const name of names.map(encodeURIComponent)) {
    const last = lists.at(-1);
    if (last === undefined || last.length + name.length > MAX_NAMES_LENGTH) lists.push(name);
    else lists[lists.length - 1] = `${last},${name}`;
  }
  return lists;
}

/** What the names of declared data streams stand for. */
export interface ResolvedNames {
  /** Those that are no data streams. */
  readonly taken: ReadonlyMap<string, "index" | "alias">;
  /** Existing data streams that are not in the alias of all streams, because another template made them. */
  readonly withoutAlias: readonly string[];
}

/**
 * Looks up the names. Without the privilege `view_index_metadata` nothing is found; Elasticsearch then refuses documents
 * for a name that is taken (`require_data_stream`).
 * @throws PenstockError `elasticsearch_unavailable` or `elasticsearch_refused`
 */
export async function resolveNames(send: SendJson, names: readonly string[]): Promise<ResolvedNames> {
  const taken = new Map<string, "index" | "alias">();
  const streams = new Set<string>();
  const aliased = new Set<unknown>();
  const query = "ignore_unavailable=true&filter_path=indices.name,aliases,data_streams.name";
  for (const list of urlLists(names)) {
    const answer = await send("GET", `/_resolve/index/${list},${streamsAlias}?${query}`);
    if ("failure" in answer) {
      if (answer.failure.kind === "response" && answer.failure.status === 403)
        return { taken: new Map(), withoutAlias: [] };
      throw errorOf(answer.failure);
    }
    for (const { name } of entriesOf(answer.body, "indices")) taken.set(name, "index");
    for (const { name } of entriesOf(answer.body, "data_streams")) streams.add(name);
    for (const { name, indices } of entriesOf(answer.body, "aliases")) {
      taken.set(name, "alias");
      if (name !== streamsAlias || !Array.isArray(indices)) continue;
      for (const stream of indices) aliased.add(stream);
    }
  }
  return {
    taken: new Map(names.flatMap((name) => (taken.has(name) ? [[name, taken.get(name) ?? "index"]] : []))),
    withoutAlias: names.filter((name) => streams.has(name) && !aliased.has(name)),
  };
}

function entriesOf(body: unknown, member: string): { readonly name: string; readonly indices: unknown }[] {
  const list: unknown = isObject(body) ? body[member] : null;
  return (Array.isArray(list) ? list : []).flatMap((entry: unknown) =>
    isObject(entry) && typeof entry["name"] === "string"
      ? [{ name: entry["name"], indices: entry["indices"] }]
      : [],
  );
}
