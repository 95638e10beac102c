import { describe, expect, test } from "bun:test";
import type { Question } from "../../../../../lib/adapters/elasticsearch/client.ts";
import { openRecordDocuments } from "../../../../../lib/adapters/elasticsearch/topic-snapshot/record-documents.ts";
import { documentId } from "../../../../../lib/rules/documents/document-id.ts";
import { PenstockError } from "../../../../../lib/rules/base/errors.ts";
import { rejection } from "../../../../support/rejection.ts";

const unavailable = new PenstockError("elasticsearch_unavailable", "429", { retryable: true });

/** An Elasticsearch with `app:0:0` in `app`; `before` may override an answer or throw. */
function elasticsearch(before: (question: Question, nth: number) => unknown = () => undefined) {
  const asked: Question[] = [];
  const sought: string[] = [];
  return {
    asked,
    sought,
    existingIds(
      index: string,
      ids: readonly string[],
      _: AbortSignal,
      how: { readonly acceptPartial?: boolean } = {},
    ): Promise<ReadonlySet<string>> {
      sought.push(how.acceptPartial === true ? `${index}, even in part` : index);
      return Promise.resolve(new Set(ids.slice(0, 1)));
    },
    askForText: () => Promise.reject(new Error("nothing is deleted here")),
    ask(question: Question): Promise<unknown> {
      asked.push(question);
      try {
        const instead = before(question, asked.length);
        if (instead !== undefined) return Promise.resolve(instead);
      } catch (error) {
        return Promise.reject(error);
      }
      const { path, body } = question;
      if (path.endsWith("/_refresh")) return Promise.resolve({ _shards: { failed: 0 } });
      if (path.endsWith("/_pit")) return Promise.resolve({ id: "first" });
      if (path.includes("/_settings/")) return Promise.resolve({});
      if (path.startsWith("/_resolve"))
        return Promise.resolve({ indices: [{ name: "app", attributes: ["open"] }] });
      if (body !== undefined && "aggs" in body) {
        return Promise.resolve({ aggregations: { indices: { buckets: [{ key: "app", doc_count: 1 }] } } });
      }
      const _id = documentId("app", { partition: 0, offset: 0, timestamp: 5 });
      return Promise.resolve({ pit_id: "second", hits: { hits: [{ _id, _index: "app", sort: [0, 0] }] } });
    },
  };
}

const options = { topic: "app", index: "app", cursors: 1 };
const { signal } = new AbortController();
/** All of Penstock's indices. */
const others = "/penstock-records,penstock-streams";

describe("the documents of a topic", () => {
  test("are searched in the declared index and in all of Penstock's, after a refresh", async () => {
    const server = elasticsearch();
    await openRecordDocuments(server, { ...options, index: "logs-{yyyy.MM.dd}" }, signal);
    expect(server.asked.map(({ path }) => path)).toEqual([
      `${others}/_search`,
      "/logs-*,penstock-records,penstock-streams/_refresh",
      "/logs-*,penstock-records,penstock-streams/_search",
      "/app/_pit",
      "/_resolve/index/logs-*",
      "/logs-*/_settings/index.default_pipeline,index.final_pipeline,index.creation_date,index.verified_before_close",
    ]);
  });

  test("the latest id of the point in time is used, and closed at the end", async () => {
    const server = elasticsearch();
    const documents = await openRecordDocuments(server, options, signal);
    expect(await documents.cursor(0, 0, 10).until(10)).toEqual([{ offset: 0, timestamp: 5, index: "app" }]);
    await documents.close();
    await documents.close();
    expect(server.asked.filter(({ method }) => method === "DELETE")).toMatchObject([
      { body: { id: "second" } },
    ]);
  });

  test("no search of the topic's own indices accepts partial results", async () => {
    const server = elasticsearch();
    const documents = await openRecordDocuments(server, options, signal);
    await documents.cursor(0, 0, 10).until(10);
    const searches = server.asked.filter(({ path }) => path.endsWith("_search") && !path.startsWith(others));
    expect(searches).toHaveLength(2);
    for (const { querystring } of searches) {
      expect(querystring).toMatchObject({ allow_partial_search_results: "false" });
    }
  });

  test("a refresh that failed on a shard is an error: its documents would look missing", async () => {
    const server = elasticsearch(({ path }) =>
      path.endsWith("_refresh") ? { _shards: { failed: 1 } } : undefined,
    );
    expect(await rejection(openRecordDocuments(server, options, signal))).toHaveProperty(
      "message",
      expect.stringContaining("the refresh failed on 1 shards"),
    );
  });

  test("an unanswered request is retried, a refused one is not", async () => {
    const patient = elasticsearch((_, nth) => {
      if (nth === 1) throw unavailable;
      return undefined;
    });
    await openRecordDocuments(patient, options, signal);
    expect(patient.asked).toHaveLength(7);

    const refusing = elasticsearch(() => {
      throw new PenstockError("elasticsearch_refused", "403");
    });
    expect(await rejection(openRecordDocuments(refusing, options, signal))).toHaveProperty(
      "message",
      expect.stringContaining("403"),
    );
    expect(refusing.asked).toHaveLength(1);
  });

  test("a topic without documents needs no search", async () => {
    const server = elasticsearch(({ body }) =>
      body !== undefined && "aggs" in body ? { aggregations: { indices: { buckets: [] } } } : undefined,
    );
    const documents = await openRecordDocuments(server, options, signal);
    expect(await documents.cursor(0, 0, 10).until(10)).toEqual([]);
    expect(await documents.countBelow(0, 5)).toBe(0);
    await documents.close();
    expect(server.asked).toHaveLength(5);
  });

  test("the pipelines of its indices are known, even through an alias", async () => {
    const settings = (own: object) => ({ settings: { index: own } });
    const server = elasticsearch(({ path }) => {
      if (path.startsWith("/_resolve"))
        return { indices: [{ name: "app", attributes: [] }], aliases: [{ name: "alias" }] };
      if (!path.includes("/_settings/")) return undefined;
      return { app: settings({ default_pipeline: "_none" }), "app-1": settings({ final_pipeline: "p" }) };
    });
    const documents = await openRecordDocuments(server, options, signal);
    expect(["app", "app-1", "alias", "other"].map((name) => documents.hasPipeline(name))).toEqual([
      false,
      true,
      true,
      false,
    ]);
  });

  test("ids are searched in all indices, refreshed once", async () => {
    const server = elasticsearch();
    const documents = await openRecordDocuments(server, options, signal);
    expect(await documents.anywhere(["a", "b"])).toEqual(new Set(["a"]));
    await documents.anywhere(["c"]);
    expect(server.asked.filter(({ path }) => path === "/*/_refresh")).toHaveLength(1);
    expect(server.sought).toEqual(["*, even in part", "*, even in part"]);
  });

  test("who only looks has no other index refreshed", async () => {
    const server = elasticsearch();
    const documents = await openRecordDocuments(server, options, signal);
    expect(await documents.anywhere(["a"], { refresh: false })).toEqual(new Set(["a"]));
    expect(server.asked.filter(({ path }) => path === "/*/_refresh")).toEqual([]);
    await documents.anywhere(["a"]);
    expect(server.asked.filter(({ path }) => path === "/*/_refresh")).toHaveLength(1);
  });

  test("an unrelated index without a shard, for which a refresh of all waits, does not end the audit", async () => {
    const server = elasticsearch(({ path }) => {
      if (path === "/*/_refresh") throw unavailable;
      return undefined;
    });
    const documents = await openRecordDocuments(server, options, signal);
    expect(await documents.anywhere(["a"])).toEqual(new Set(["a"]));
    expect(server.asked.filter(({ path }) => path === "/*/_refresh")).toMatchObject([{ timeoutMs: 10_000 }]);
  });

  test("a lost shard of another topic's index, for which a refresh waits, ends no audit unless a document is missed", async () => {
    let isLost = true;
    const server = elasticsearch(({ path, querystring = {} }) => {
      if (!isLost) return undefined;
      if (path === `${others}/_search`)
        return { _shards: { failed: 1 }, aggregations: { indices: { buckets: [{ key: "former" }] } } };
      if (path.includes("penstock-records") && querystring["allow_partial_search_results"] === "false")
        throw new PenstockError("elasticsearch_refused", "missing shards");
      return undefined;
    });
    const documents = await openRecordDocuments(server, options, signal);
    expect(documents.isPartial).toBe(true);
    expect(server.asked.slice(0, 7).map(({ path }) => path)).toEqual([
      ...Array.from({ length: 4 }, () => `${others}/_search`),
      "/app/_refresh",
      "/app/_search",
      "/app,former/_pit",
    ]);
    expect(await documents.cursor(0, 0, 10).until(10)).toEqual([{ offset: 0, timestamp: 5, index: "app" }]);
    expect(await documents.anywhere(["a"])).toEqual(new Set(["a"]));
    expect(await rejection(documents.anywhere(["a", "gone"]))).toHaveProperty(
      "message",
      expect.stringContaining("missing shards"),
    );
    expect(await documents.anywhere(["a", "gone"], { refresh: false })).toEqual(new Set(["a"]));
    const before = server.asked.length;
    for (const missed of [documents.byNow(["a"]), documents.lowestOffset(0, 0, 10)])
      expect(await rejection(missed)).toHaveProperty("message", expect.stringContaining("missing shards"));
    expect(server.asked.slice(before).map(({ path }) => path)).toEqual([
      "/app,penstock-records,penstock-streams/_search",
      "/app,penstock-records,penstock-streams/_search",
    ]);
    isLost = false;
    expect(await documents.byNow(["a"])).toEqual(new Set(["a"]));
    expect((await openRecordDocuments(server, options, signal)).isPartial).toBe(false);
  });

  test("an index that is just being created, whose shards do not answer for a moment, is none that has lost them", async () => {
    let moments = 2;
    const server = elasticsearch(({ path }) => {
      if (path !== `${others}/_search` || moments === 0) return undefined;
      moments -= 1;
      return { _shards: { failed: 1 } };
    });
    expect((await openRecordDocuments(server, options, signal)).isPartial).toBe(false);
  });

  test("indices that left the alias are known by their documents, and searched by id with the topic's own", async () => {
    const server = elasticsearch(({ path, body }) => {
      if (path.startsWith("/_resolve")) return { aliases: [{ name: "app", indices: ["app-000002"] }] };
      if (path.includes("/_settings/"))
        return { "app-000002": { settings: { index: { creation_date: "5" } } } };
      if (body === undefined || !("aggs" in body) || !path.startsWith("/*")) return undefined;
      return { aggregations: { indices: { buckets: [{ key: "app" }, { key: "app-000001" }] } } };
    });
    const documents = await openRecordDocuments(server, options, signal);
    expect(documents.generations).toMatchObject({ oldest: { name: "app-000002" }, hadOlder: true });
    expect(documents.hasStrayed).toBe(true);
    await documents.byNow(["a"]);
    expect(server.sought).toEqual(["app,penstock-records,penstock-streams,app-000001"]);
    expect(server.asked.at(-1)?.path).toBe("/app,penstock-records,penstock-streams,app-000001/_refresh");
  });
});
