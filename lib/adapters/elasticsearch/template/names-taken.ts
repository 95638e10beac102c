import { isObject } from "../../../rules/json/object.ts";
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

/**
 * Finds which of the names an index or an alias already has, where a data stream is declared. Without the privilege
 * `view_index_metadata` nothing is found; Elasticsearch then refuses the documents (`require_data_stream`).
 * @throws PenstockError `elasticsearch_unavailable` or `elasticsearch_refused`
 */
export async function namesTaken(
  send: SendJson,
  names: readonly string[],
): Promise<ReadonlyMap<string, "index" | "alias">> {
  const taken = new Map<string, "index" | "alias">();
  const query = "ignore_unavailable=true&filter_path=indices.name,aliases.name";
  for (const list of urlLists(names)) {
    const answer = await send("GET", `/_resolve/index/${list}?${query}`);
    if ("failure" in answer) {
      if (answer.failure.kind === "response" && answer.failure.status === 403) return new Map();
      throw errorOf(answer.failure);
    }
    for (const name of namesIn(answer.body, "indices")) taken.set(name, "index");
    for (const name of namesIn(answer.body, "aliases")) taken.set(name, "alias");
  }
  // An alias is answered with the indices behind it.
  const asked = new Set(names);
  return new Map([...taken].filter(([name]) => asked.has(name)));
}

function namesIn(body: unknown, member: string): string[] {
  const list: unknown = isObject(body) ? body[member] : null;
  return (Array.isArray(list) ? list : []).flatMap((entry: unknown) => {
    const name: unknown = isObject(entry) ? entry["name"] : null;
    return typeof name === "string" ? [name] : [];
  });
}
