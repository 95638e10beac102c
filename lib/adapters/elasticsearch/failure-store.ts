import type { BulkItem, ServerError, TargetDocument } from "../../rules/bulk-answer.ts";
import { isObject } from "../../rules/json-document.ts";
import type { SendSearch } from "./existing-ids.ts";

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
    return { status: 400, result: null, error };
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

/** The newest error of each document. What cannot be asked stays unknown: the bulk itself went well. */
async function findErrors(
  send: SendSearch,
  index: string,
  ids: readonly string[],
  errors: Map<string, ServerError>,
): Promise<void> {
  const store = `/${encodeURIComponent(index)}::failures`;
  await send(`${store}/_refresh`, {}, null);
  for (let at = 0; at < ids.length; at += IDS_AT_ONCE) {
    const values = ids.slice(at, at + IDS_AT_ONCE);
    const answer = await send(
      `${store}/_search`,
      { filter_path: "hits.hits._source" },
      {
        query: { terms: { "document.id": values } },
        collapse: { field: "document.id" },
        sort: [{ "@timestamp": "desc" }],
        size: values.length,
        _source: ["document.id", "error.type", "error.message"],
        track_total_hits: false,
      },
    );
    if (!("failure" in answer)) readErrors(answer.body, errors);
  }
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
