import { isObject } from "../../../rules/json/object.ts";
import type { RequestFailure } from "../../../rules/outcomes/bulk-answer.ts";
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
  const withoutAlias: string[] = [];
  const query = "ignore_unavailable=true&filter_path=indices.name,aliases.name,data_streams.name";
  for (const list of urlLists(names)) {
    const answer = await send("GET", `/_resolve/index/${list}?${query}`);
    if ("failure" in answer) {
      if (isForbidden(answer.failure)) return { taken: new Map(), withoutAlias: [] };
      throw errorOf(answer.failure);
    }
    for (const name of namesOf(answer.body, "indices")) taken.set(name, "index");
    for (const name of namesOf(answer.body, "aliases")) taken.set(name, "alias");
    const streams = namesOf(answer.body, "data_streams");
    if (streams.length > 0) withoutAlias.push(...(await notInAlias(send, streams)));
  }
  return { taken, withoutAlias };
}

/** Asked of the streams, because the alias itself resolves to all backing indices of all streams. */
async function notInAlias(send: SendJson, streams: readonly string[]): Promise<readonly string[]> {
  const query = `ignore_unavailable=true&filter_path=*.aliases.${streamsAlias}`;
  const aliased = new Set<string>();
  for (const list of urlLists(streams)) {
    const answer = await send("GET", `/${list}/_alias?${query}`);
    if ("failure" in answer) {
      if (isForbidden(answer.failure)) return [];
      throw errorOf(answer.failure);
    }
    for (const name of Object.keys(isObject(answer.body) ? answer.body : {})) aliased.add(name);
  }
  return streams.filter((stream) => !aliased.has(stream));
}

function isForbidden(failure: RequestFailure): boolean {
  return failure.kind === "response" && failure.status === 403;
}

function namesOf(body: unknown, member: string): string[] {
  const list: unknown = isObject(body) ? body[member] : null;
  return (Array.isArray(list) ? list : []).flatMap((entry: unknown) =>
    isObject(entry) && typeof entry["name"] === "string" ? [entry["name"]] : [],
  );
}
