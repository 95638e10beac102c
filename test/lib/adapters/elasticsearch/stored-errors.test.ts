import { expect, test } from "bun:test";
import type { SendSearch } from "../../../../lib/adapters/elasticsearch/transport/transport.ts";
import { withStoredFailures } from "../../../../lib/adapters/elasticsearch/stored-errors.ts";
import { classifyItem } from "../../../../lib/rules/outcomes/outcome.ts";
import type { BulkItem } from "../../../../lib/rules/outcomes/bulk-answer.ts";

const created: BulkItem = { status: 201, result: "created", error: null };
const stored: BulkItem = { ...created, inFailureStore: true };
const documentAt = (operation: number) => ({
  index: operation < 3 ? "logs" : "other",
  id: `id ${operation}`,
});

/** Answers searches with the errors of these documents and records the requests. */
function failures(errors: Readonly<Record<string, unknown>>) {
  const asked: { path: string; body: unknown }[] = [];
  const send: SendSearch = async (path, _query, body) => {
    asked.push({ path, body });
    const hits = Object.entries(errors).map(([id, error]) => ({ _source: { document: { id }, error } }));
    return path.endsWith("_search") ? { body: { hits: { hits } } } : { body: {} };
  };
  return { asked, send };
}

test("an item in a failure store becomes the stored error, without further requests", async () => {
  const { asked, send } = failures({ "id 1": { type: "document_parsing_exception", message: "m" } });
  const items = [created, stored, created, stored];
  expect(await withStoredFailures(items, documentAt, send)).toEqual([
    created,
    { status: 400, result: null, error: { type: "document_parsing_exception", reason: "m" } },
    created,
    {
      status: 400,
      result: null,
      error: { type: "failure_store", reason: expect.stringContaining("not found") },
    },
  ]);
  expect(asked.map(({ path }) => path)).toEqual([
    "/logs::failures/_refresh",
    "/logs::failures/_search",
    "/other::failures/_refresh",
    "/other::failures/_search",
    // A pipeline may have rerouted the one that is not found.
    "/*::failures/_refresh",
    "/*::failures/_search",
  ]);
  expect(asked[1]?.body).toMatchObject({ query: { terms: { "document.id": ["id 1"] } }, size: 1 });
});

test("a cluster's failure is never the document's fault, not even after repeated tries", async () => {
  const verdicts = async (type: string) => {
    const { send } = failures({ "id 0": { type, message: "m" } });
    const [item = created] = await withStoredFailures([stored], documentAt, send);
    return classifyItem(item, { index: "logs", dated: false, lastChance: true }).kind;
  };
  for (const type of [
    "unavailable_shards_exception",
    "cluster_block_exception",
    "node_closed_exception",
    "index_closed_exception",
    "process_cluster_event_timeout_exception",
    "receive_timeout_transport_exception",
    "es_rejected_execution_exception",
    "circuit_breaking_exception",
    "security_exception",
    "index_not_found_exception",
  ])
    expect([type, await verdicts(type)]).toEqual([type, "retry"]);
  for (const type of [
    "document_parsing_exception",
    "illegal_argument_exception",
    "fail_processor_exception",
    "find_match",
    "script_exception",
    "json_parse_exception",
    "failure_store",
  ])
    expect([type, await verdicts(type)]).toEqual([type, "rejected"]);
});

test("an answer without stored items causes no request", async () => {
  const { asked, send } = failures({});
  const items = [created, created];
  expect(await withStoredFailures(items, documentAt, send)).toBe(items);
  expect(asked).toEqual([]);
});

test("an unreadable failure store or an odd answer leaves the reason unknown", async () => {
  const refused: SendSearch = async () => ({ failure: { kind: "response", status: 403, error: null } });
  const open = { status: 400, error: { type: "failure_store" } };
  expect(await withStoredFailures([stored], documentAt, refused)).toMatchObject([open]);
  expect(await withStoredFailures([stored], undefined, refused)).toMatchObject([open]);
  expect(await withStoredFailures([stored], documentAt, failures({ "id 0": 7, x: {} }).send)).toMatchObject([
    open,
  ]);
});

test("an unavailable failure store makes the item retryable: the cluster may be at fault", async () => {
  const { send } = failures({ "id 0": { type: "illegal_argument_exception", message: "m" } });
  const away = { failure: { kind: "response", status: 503, error: null } } as const;
  for (const silent of ["_refresh", "_search"]) {
    const answer = await withStoredFailures([stored], documentAt, async (path, query, body) =>
      path.endsWith(silent) ? away : send(path, query, body),
    );
    expect(answer).toMatchObject([{ status: 503, error: { type: "failure_store" } }]);
  }
  // Nor can it be seen in a shard that was not refreshed.
  const stale = { body: { _shards: { total: 2, failed: 1 } } };
  const partly: SendSearch = async (path) => (path.endsWith("_refresh") ? stale : { body: {} });
  expect(await withStoredFailures([stored], documentAt, partly)).toMatchObject([{ status: 503 }]);
});

test("the error of a rerouted document is found in the store of the stream to which it was sent", async () => {
  const error = { type: "document_parsing_exception", message: "m" };
  const { send } = failures({ "id 0": error });
  const elsewhere: SendSearch = async (path, query, body) =>
    path.startsWith("/*") ? send(path, query, body) : { body: {} };
  expect(await withStoredFailures([stored], documentAt, elsewhere)).toMatchObject([
    { status: 400, error: { type: error.type } },
  ]);
});

test("a rerouted document whose error is not found while a store does not answer is retryable: that store may have it", async () => {
  const error = { type: "document_parsing_exception", message: "m" };
  const away = { failure: { kind: "response", status: 429, error: null } } as const;
  const partly = { body: { _shards: { failed: 1 } } };
  for (const trouble of [away, partly])
    for (const silent of ["/*::failures/_refresh", "/*::failures/_search"]) {
      const answer = await withStoredFailures([stored], documentAt, async (path) =>
        path === silent ? trouble : { body: {} },
      );
      expect(answer).toMatchObject([{ status: 503, error: { type: "failure_store" } }]);
    }
  // What is found counts all the same.
  const { send } = failures({ "id 0": error });
  const answer = await withStoredFailures([stored, stored], documentAt, async (path, query, body) => {
    if (!path.startsWith("/*")) return { body: {} };
    const found = await send(path, query, body);
    return "body" in found ? { body: { ...partly.body, ...Object(found.body) } } : found;
  });
  expect(answer).toMatchObject([{ status: 400, error: { type: error.type } }, { status: 503 }]);
});
