import { expect, test } from "bun:test";
import type { SendSearch } from "../../../../lib/adapters/elasticsearch/existing-ids.ts";
import { withStoredFailures } from "../../../../lib/adapters/elasticsearch/failure-store.ts";
import type { BulkItem } from "../../../../lib/rules/bulk-answer.ts";

const created: BulkItem = { status: 201, result: "created", error: null };
const stored: BulkItem = { ...created, inFailureStore: true };
const documentAt = (operation: number) => ({
  index: operation < 3 ? "logs" : "other",
  id: `id ${operation}`,
});

/** Answers searches with the errors of these documents; keeps what was asked. */
function failures(errors: Readonly<Record<string, unknown>>) {
  const asked: { path: string; body: unknown }[] = [];
  const send: SendSearch = async (path, _query, body) => {
    asked.push({ path, body });
    const hits = Object.entries(errors).map(([id, error]) => ({ _source: { document: { id }, error } }));
    return path.endsWith("_search") ? { body: { hits: { hits } } } : { body: {} };
  };
  return { asked, send };
}

test("what was put into a failure store is the error that stands there; nothing else is asked for", async () => {
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
  ]);
  expect(asked[1]?.body).toMatchObject({ query: { terms: { "document.id": ["id 1"] } }, size: 1 });
});

test("an answer without any asks for nothing", async () => {
  const { asked, send } = failures({});
  const items = [created, created];
  expect(await withStoredFailures(items, documentAt, send)).toBe(items);
  expect(asked).toEqual([]);
});

test("a failure store that may not be read leaves the reason open; odd answers too", async () => {
  const refused: SendSearch = async () => ({ failure: { kind: "response", status: 403, error: null } });
  const open = { status: 400, error: { type: "failure_store" } };
  expect(await withStoredFailures([stored], documentAt, refused)).toMatchObject([open]);
  expect(await withStoredFailures([stored], undefined, refused)).toMatchObject([open]);
  expect(await withStoredFailures([stored], documentAt, failures({ "id 0": 7, x: {} }).send)).toMatchObject([
    open,
  ]);
});
