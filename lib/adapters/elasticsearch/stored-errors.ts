import type { BulkItem, ServerError, TargetDocument } from "../../rules/outcomes/bulk-answer.ts";
import { isObject } from "../../rules/json/object.ts";
import { lacksShards } from "./ask-again.ts";
import type { ElasticsearchAnswer, SendSearch } from "./transport/transport.ts";

const IDS_AT_ONCE = 1_000;
/** All data streams that this user may read. */
const everywhere = "*";

/**
 * Replaces bulk items that went to a failure store by the errors stored there. A data stream with a failure store
 * accepts documents that it or its pipeline refuses: Elasticsearch answers 201 as if they had been written, without the
 * reason. The stored error decides whether the document or the cluster is at fault.
 * @param documentAt the document of the operation at this position
 */
export async function withStoredFailures(
  items: readonly BulkItem[],
  documentAt: ((operation: number) => TargetDocument) | undefined,
  send: SendSearch,
): Promise<readonly BulkItem[]> {
  if (!items.some(isStored)) return items;
  const wanted = new Map<string, string[]>();
  for (const [operation, item] of items.entries()) {
    const document = isStored(item) ? documentAt?.(operation) : undefined;
    if (document !== undefined) wanted.getOrInsertComputed(document.index, () => []).push(document.id);
  }
  const errors = new Map<string, ServerError>();
  for (const [index, ids] of wanted) {
    const isReadable = await findErrors(send, index, ids, errors);
    const rerouted = ids.filter((id) => !errors.has(id));
    // A pipeline may have sent it to any other stream.
    if (isReadable && rerouted.length > 0) await findErrors(send, everywhere, rerouted, errors);
  }
  return items.map((item, operation) => {
    if (!isStored(item)) return item;
    const error = errors.get(documentAt?.(operation).id ?? "") ?? unknown;
    const isClusterFault = error === unanswered || clusterTrouble.test(error.type);
    return { status: isClusterFault ? 503 : 400, result: null, error };
  });
}

function isStored({ inFailureStore }: BulkItem): boolean {
  return inFailureStore === true;
}

/** If we may not read the failure store. */
const unknown: ServerError = {
  type: "failure_store",
  reason: "Elasticsearch put the document into a failure store, but the reason is not found there",
};

/** If a failure store that may have it does not answer, which may have the same cause as the failed write. */
const unanswered: ServerError = {
  type: "failure_store",
  reason: "Elasticsearch put the document into a failure store, which does not answer at the moment",
};

/**
 * The store receives every failure except version conflicts, even a missing primary shard
 * (`BulkOperation.processFailure`), and without a status. These words occur in exceptions that are never a document's
 * fault.
 */
const clusterTrouble =
  /shard|node|cluster|block|master|primary|closed|time_?out|transport|connect|reject|circuit|interrupt|i_o_exc|security|not_found/;

/**
 * Finds the newest error of each document. A refused search leaves it unknown: the bulk itself succeeded.
 * @param index a name, or {@link everywhere}
 * @returns whether Elasticsearch answered all searches
 */
async function findErrors(
  send: SendSearch,
  index: string,
  ids: readonly string[],
  errors: Map<string, ServerError>,
): Promise<boolean> {
  let isReadable = true;
  // One stream in trouble must not hide what the others hold.
  const isPartial = index === everywhere;
  const store = `/${isPartial ? index : encodeURIComponent(index)}::failures`;
  const refreshed = await send(`${store}/_refresh`, {}, null);
  for (let at = 0; at < ids.length; at += IDS_AT_ONCE) {
    const values = ids.slice(at, at + IDS_AT_ONCE);
    const answer = await send(
      `${store}/_search`,
      {
        filter_path: "hits.hits._source,_shards.failed,timed_out",
        allow_partial_search_results: String(isPartial),
      },
      {
        query: { terms: { "document.id": values } },
        collapse: { field: "document.id" },
        sort: [{ "@timestamp": "desc" }],
        size: values.length,
        _source: ["document.id", "error.type", "error.message"],
        track_total_hits: false,
      },
    );
    const isWhole = !isSilent(refreshed) && !isSilent(answer);
    if ("failure" in answer) isReadable = false;
    else if (isWhole || isPartial) readErrors(answer.body, errors);
    if (!isWhole) for (const id of values) errors.getOrInsert(id, unanswered);
  }
  return isReadable;
}

/** True if a later try may be answered, or answered as a whole. */
function isSilent(answer: ElasticsearchAnswer): boolean {
  if (!("failure" in answer)) return lacksShards(answer.body);
  const { failure } = answer;
  return failure.kind !== "response" || failure.status === 429 || failure.status >= 500;
}

function readErrors(body: unknown, errors: Map<string, ServerError>): void {
  const outer = isObject(body) ? body["hits"] : null;
  const hits = isObject(outer) && Array.isArray(outer["hits"]) ? outer["hits"] : [];
  for (const hit of hits as readonly unknown[]) {
    const source = isObject(hit) && isObject(hit["_source"]) ? hit["_source"] : {};
    const { document, error } = source;
    if (!isObject(document) || !isObject(error)) continue;
    const { id } = document;
    const { type, message } = error;
    if (typeof id !== "string" || typeof type !== "string") continue;
    errors.set(id, { type, reason: typeof message === "string" ? message : "" });
  }
}
