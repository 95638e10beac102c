import { httpStatusOf } from "../../../rules/diagnosis/elasticsearch.ts";
import { isObject } from "../../../rules/json/object.ts";
import { targetText } from "../../../rules/search/query/target.ts";
import { streamsAlias } from "../../../rules/template/stream-template.ts";
import { chunksOf, type Get } from "../names/asking.ts";
import { resolvable, resolveNames } from "../names/resolve.ts";
import { errorOf } from "../transport/version.ts";
import type { SendJson } from "./template.ts";

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
export async function lookUpNames(send: SendJson, names: readonly string[]): Promise<ResolvedNames> {
  const get = getWith(send);
  const taken = new Map<string, "index" | "alias">();
  const streams: string[] = [];
  const found = await orIfForbidden(resolveNames(get, names, resolvable.kinds), new Map<never, never>());
  for (const [name, { kind }] of found)
    if (kind === "data stream") streams.push(name);
    else taken.set(name, kind);
  const withoutAlias: string[] = [];
  // Asked of the streams, because the alias itself resolves to all backing indices of all streams.
  const querystring = { ignore_unavailable: "true", filter_path: `*.aliases.${streamsAlias}` };
  for (const some of chunksOf(streams)) {
    const answer = await orIfForbidden(get(`/${targetText(some)}/_alias`, querystring), null);
    if (answer !== null)
      withoutAlias.push(...some.filter((stream) => !isObject(answer) || !Object.hasOwn(answer, stream)));
  }
  return { taken, withoutAlias };
}

/** A failure is thrown. */
export function getWith(send: SendJson): Get {
  return async (path, querystring) => {
    const answer = await send("GET", `${path}?${new URLSearchParams(querystring).toString()}`);
    if ("failure" in answer) throw errorOf(answer.failure);
    return answer.body;
  };
}

async function orIfForbidden<T, U>(answer: Promise<T>, otherwise: U): Promise<T | U> {
  try {
    return await answer;
  } catch (error) {
    if (httpStatusOf(error) === 403) return otherwise;
    throw error;
  }
}
