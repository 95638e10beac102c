import type { BulkItem, ServerError, TargetDocument } from "../../rules/outcomes/bulk-answer.ts";
import { isObject } from "../../rules/json/object.ts";
import type { SendSearch } from "./existing-ids.ts";
import type { ElasticsearchAnswer } from "./transport/transport.ts";

const IDS_AT_ONCE = 1_000;

/**
 * A data stream with a failure store takes what it or its pipeline refuses: Elasticsearch then answers 201 as if it had
 * been written, and says neither where nor why. Why stands in the failure store, and is what decides whose fault it is.
 * @param documentAt what the operation at this position wanted to write
 * @returns the items, those of the failure store as the errors they stand for
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
    if (document === undefined) continue;
    const ids = wanted.get(document.index);
    if (ids === undefined) wanted.set(document.index, [document.id]);
    else ids.push(document.id);
  }
  const errors = new Map<string, ServerError>();
  for (const [index, ids] of wanted) await findErrors(send, index, ids, errors);
  return items.map((item, operation) => {
    if (!isStored(item)) return item;
    const error = errors.get(documentAt?.(operation).id ?? "") ?? unknown;
    return { status: error === notTold || clusterTrouble.test(error.type) ? 503 : 400, result: null, error };
  });
}

function isStored({ inFailureStore }: BulkItem): boolean {
  return inFailureStore === true;
}

/** Where the failure store may not be read, or the document was sent on to another stream. */
const unknown: ServerError = {
  type: "failure_store",
  reason: "Elasticsearch put the document into a failure store; why is not found there",
};

/** The failure store does not answer now, as it may not where the document itself could not be written. */
const notTold: ServerError = {
  type: "failure_store",
  reason: "Elasticsearch put the document into a failure store, which does not tell why now",
};

/**
 * Stored is what failed for any reason but a version conflict, a shard without a primary included (`BulkOperation.processFailure`),
 * and no status stands with it. These names are of exceptions that are never a document's.
 */
const clusterTrouble =
  /shard|node|cluster|block|master|primary|closed|time_?out|transport|connect|reject|circuit|interrupt|i_o_exc|security|not_found/;

/** The newest error of each document. What may not be asked stays unknown: the bulk itself went well. */
async function findErrors(
  send: SendSearch,
  index: string,
  ids: readonly string[],
  errors: Map<string, ServerError>,
): Promise<void> {
  const store = `/${encodeURIComponent(index)}::failures`;
  const refreshed = await send(`${store}/_refresh`, {}, null);
  for (let at = 0; at < ids.length; at += IDS_AT_ONCE) {
    const values = ids.slice(at, at + IDS_AT_ONCE);
    const answer = await send(
      `${store}/_search`,
      { filter_path: "hits.hits._source", allow_partial_search_results: "false" },
      {
        query: { terms: { "document.id": values } },
        collapse: { field: "document.id" },
        sort: [{ "@timestamp": "desc" }],
        size: values.length,
        _source: ["document.id", "error.type", "error.message"],
        track_total_hits: false,
      },
    );
    if (isSilent(refreshed) || isSilent(answer)) for (const id of values) errors.set(id, notTold);
    else if (!("failure" in answer)) readErrors(answer.body, errors);
  }
}

/** Whether it may answer another time. */
function isSilent(answer: ElasticsearchAnswer): boolean {
  if (!("failure" in answer)) return false;
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
