import { isObject } from "../../rules/json/object.ts";
import { PenstockError } from "../../rules/base/errors.ts";
import { assertComplete } from "./ask-again.ts";
import type { Elasticsearch } from "./client.ts";
import { errorOf } from "./transport/version.ts";

/** A page holds all copies of so many ids, if none has more than ten. */
const IDS_AT_ONCE = 1_000;
const MAX_HITS = 10_000;
const TIMEOUT_MS = 60_000;
const MAX_ANSWER_BYTES = 16 * 1024 * 1024;
const NO_HOMES: ReadonlyMap<string, string> = new Map();
const LENIENT = { ignore_unavailable: "true", allow_no_indices: "true" } as const;

interface Copy {
  readonly id: string;
  readonly index: string;
}

export interface WhichCopies {
  /** Whether copies in an index of the target count; others are neither kept nor deleted for it. By default, all do. */
  readonly isMeant?: (index: string) => boolean;
  /** By id: the index whose copy stays, if there is one. */
  readonly homes?: ReadonlyMap<string, string>;
}

/**
 * Leaves one document of each id: the one in its home, or else in the oldest index. Everybody who compares copies keeps the
 * same one, so two that wrote the same record at once, on both sides of a rollover, end with one document: whoever looks
 * second sees both. So only audits, which all name the same homes, name any. Refreshes the target first.
 * @param target names of indices, aliases or data streams, and patterns, as in a path
 * @returns how many documents were deleted
 * @throws PenstockError `elasticsearch_unavailable` or `elasticsearch_refused`
 */
export async function removeExtraCopies(
  elasticsearch: Pick<Elasticsearch, "ask" | "askForText">,
  target: string,
  ids: readonly string[],
  signal: AbortSignal,
  { isMeant = () => true, homes = NO_HOMES }: WhichCopies = {},
): Promise<number> {
  if (ids.length === 0) return 0;
  const ask = (method: "GET" | "POST", path: string, querystring: Record<string, string>, body?: object) =>
    elasticsearch.ask({ method, path, querystring, timeoutMs: TIMEOUT_MS, ...(body && { body }) }, signal);
  assertComplete(await ask("POST", `/${target}/_refresh`, LENIENT), "refresh");
  let removed = 0;
  for (let at = 0; at < ids.length; at += IDS_AT_ONCE) {
    const found = await ask(
      "POST",
      `/${target}/_search`,
      { ...LENIENT, allow_partial_search_results: "false", filter_path: "hits.hits._id,hits.hits._index" },
      {
        query: { ids: { values: ids.slice(at, at + IDS_AT_ONCE) } },
        size: MAX_HITS,
        _source: false,
        track_total_hits: false,
      },
    );
    const doubled = doubledIn(copiesIn(found).filter(({ index }) => isMeant(index)));
    if (doubled.length === 0) continue;
    const indices = [...new Set(doubled.flat().map(({ index }) => encodeURIComponent(index)))].join(",");
    const settings = await ask("GET", `/${indices}/_settings/index.creation_date`, LENIENT);
    const extra = doubled.flatMap((copies) => inOrder(copies, settings, homes).slice(1));
    removed += await deleteAll(elasticsearch, extra, signal);
  }
  return removed;
}

/** With `filter_path`, an answer without hits is `{}`. */
function copiesIn(answer: unknown): Copy[] {
  const outer = isObject(answer) ? answer["hits"] : null;
  const hits = isObject(outer) && Array.isArray(outer["hits"]) ? outer["hits"] : [];
  return hits.flatMap((hit: unknown) =>
    isObject(hit) && typeof hit["_id"] === "string" && typeof hit["_index"] === "string"
      ? [{ id: hit["_id"], index: hit["_index"] }]
      : [],
  );
}

function doubledIn(copies: readonly Copy[]): Copy[][] {
  return [...Map.groupBy(copies, ({ id }) => id).values()].filter(({ length }) => length > 1);
}

/**
 * The copy that stays first: at home, else by age. An index that was deleted meanwhile counts as the newest, so that a document
 * which still exists is kept.
 */
function inOrder(copies: readonly Copy[], settings: unknown, homes: ReadonlyMap<string, string>): Copy[] {
  const placeOf = ({ id, index }: Copy): number => {
    const entry = isObject(settings) ? settings[index] : null;
    const own = isObject(entry) && isObject(entry["settings"]) ? entry["settings"]["index"] : null;
    if (!isObject(own) || typeof own["creation_date"] !== "string") return Number.MAX_SAFE_INTEGER;
    return homes.get(id) === index ? -1 : Number(own["creation_date"]);
  };
  return copies.toSorted((a, b) => placeOf(a) - placeOf(b) || (a.index < b.index ? -1 : 1));
}

async function deleteAll(
  elasticsearch: Pick<Elasticsearch, "askForText">,
  copies: readonly Copy[],
  signal: AbortSignal,
): Promise<number> {
  const body = copies.map(({ id, index }) => `${JSON.stringify({ delete: { _index: index, _id: id } })}\n`);
  const answer = await elasticsearch.askForText(
    { method: "POST", path: "/_bulk", body: body.join(""), timeoutMs: TIMEOUT_MS },
    { maxBytes: MAX_ANSWER_BYTES, format: "x-ndjson" },
    signal,
  );
  if ("failure" in answer) throw errorOf(answer.failure);
  const parsed: unknown = JSON.parse(answer.text ?? "{}");
  const items = isObject(parsed) && Array.isArray(parsed["items"]) ? parsed["items"] : [];
  let deleted = 0;
  for (const item of items as unknown[]) {
    const result = isObject(item) && isObject(item["delete"]) ? item["delete"] : {};
    // Whoever wrote the same record removed it first (404), or a lifecycle deleted its index.
    if (result["status"] === 404) continue;
    if (result["status"] !== 200) throw refusedDelete(result);
    deleted += 1;
  }
  return deleted;
}

function refusedDelete({ _index: index, error }: Readonly<Record<string, unknown>>): PenstockError {
  const reason = isObject(error) && typeof error["reason"] === "string" ? error["reason"] : "no reason given";
  return new PenstockError(
    "elasticsearch_refused",
    `a second copy of a record could not be deleted from index "${String(index)}": ${reason}`,
    { retryable: true },
  );
}
