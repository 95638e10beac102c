import { describe, expect, test } from "bun:test";
import type { Elasticsearch } from "../../../../../lib/adapters/elasticsearch/client.ts";
import { readHoldings } from "../../../../../lib/adapters/elasticsearch/holdings/holdings.ts";
import { errorOf } from "../../../../../lib/adapters/elasticsearch/transport/version.ts";
import { rejection } from "../../../../support/rejection.ts";

/** Answers like a cluster with security and all modules, which the test servers do not have. By path; an error is thrown, the rest is refused. */
function cluster(answers: Record<string, unknown>): Pick<Elasticsearch, "ask" | "askForText"> {
  return {
    async ask({ path }) {
      const answer = answers[path];
      if (answer instanceof Error) throw answer;
      if (answer !== undefined) return answer;
      const error = { type: "security_exception", reason: `${path} is unauthorized` };
      throw errorOf({ kind: "response", status: 403, error });
    },
    async askForText({ path }) {
      return { text: JSON.stringify(answers[path] ?? { responses: [] }) };
    },
  };
}

const held = async (answers: Record<string, unknown>, name: string) =>
  (await readHoldings(cluster(answers), new Map([[name, ["app"]]]), new AbortController().signal)).get(name)
    ?.holdings;

const backing = ".ds-logs-000001";
const sizes = {
  indices: { [backing]: { status: "open", primaries: { docs: { count: 2 }, store: { size_in_bytes: 9 } } } },
};
const spans = {
  responses: [
    { status: 200, _shards: { failed: 0 }, aggregations: { from: { value: 1 }, to: { value: 2 } } },
  ],
};
const resolved = { data_streams: [{ name: "logs", backing_indices: [backing] }] };
const well = {
  "/_resolve/index/logs": resolved,
  "/logs/_stats/docs,store": sizes,
  "/_msearch": spans,
};
const privileges = (changes: object) => ({
  "/_security/user/_has_privileges": {
    index: { logs: { view_index_metadata: true, monitor: true, read: true, ...changes } },
  },
});

describe("a stream's retention", () => {
  const with_ = (stream: object) => ({ ...well, "/_data_stream/logs": { data_streams: [stream] } });

  test.each([
    ["its own", { lifecycle: { enabled: true, data_retention: "7d" } }, 7],
    [
      "the one in force, if the cluster has a lower limit",
      { lifecycle: { enabled: true, data_retention: "90d", effective_retention: "30d" } },
      30,
    ],
    ["none without a lifecycle", {}, null],
    ["none of one that is off", { lifecycle: { enabled: false, data_retention: "7d" } }, null],
    [
      "none if ILM manages the stream",
      {
        lifecycle: { enabled: true, data_retention: "7d" },
        next_generation_managed_by: "Index Lifecycle Management",
      },
      null,
    ],
    ["none without a limit", { lifecycle: { enabled: true, data_retention: "-1" } }, null],
  ])("is %s", async (_, stream, days) => {
    const found = await held(with_({ name: "logs", ...stream }), "logs");
    expect(found).toMatchObject({ kind: "data stream", documents: 2, from: 1, to: 2, reason: null });
    expect(found?.retentionMs).toBe(days === null ? null : days * 86_400_000);
  });
});

describe("without the module for data streams, a stream's retention comes from the cluster's state", () => {
  const state = {
    "/_cluster/state/metadata/logs": {
      metadata: {
        data_stream: { data_stream: { logs: { lifecycle: { enabled: true, data_retention: "12h" } } } },
      },
    },
  };
  test.each([
    [400, "no handler found for uri [/_data_stream/logs] and method [GET]"],
    [405, "Incorrect HTTP method for uri [/_data_stream/logs] and method [GET], allowed: [POST]"],
  ])("as after %p %s", async (status, reason) => {
    const refusal = errorOf({ kind: "response", status, error: { type: "unknown", reason } });
    const found = await held({ ...well, ...state, "/_data_stream/logs": refusal }, "logs");
    expect(found).toMatchObject({ kind: "data stream", retentionMs: 43_200_000, reason: null });
  });
});

describe("what the user may not see is null, with the reason", () => {
  const stream = { "/_data_stream/logs": { data_streams: [{ name: "logs" }] } };

  test("sizes are refused", async () => {
    const { "/logs/_stats/docs,store": _, ...others } = well;
    const found = await held({ ...others, ...stream, ...privileges({ monitor: false }) }, "logs");
    expect(found).toMatchObject({
      kind: "data stream",
      generations: 1,
      documents: null,
      bytes: null,
      from: 1,
      to: 2,
      reason: "the index privilege monitor is missing on logs",
    });
  });

  test("sizes are left out", async () => {
    const answers = { ...well, ...stream, ...privileges({ monitor: false }), "/logs/_stats/docs,store": {} };
    expect(await held(answers, "logs")).toMatchObject({
      documents: null,
      reason: "the index privilege monitor is missing on logs",
    });
  });

  test("the name itself is left out, as if it did not exist", async () => {
    const hidden = { "/_resolve/index/logs": {} };
    const lacks = privileges({ view_index_metadata: false, monitor: false });
    expect(await held({ ...hidden, ...lacks }, "logs")).toMatchObject({
      kind: null,
      documents: null,
      reason: "the index privileges view_index_metadata, monitor are missing on logs",
    });
    expect(await held({ ...hidden, ...privileges({}) }, "logs")).toMatchObject({
      kind: "absent",
      reason: null,
    });
  });

  test("a search and a lifecycle are refused", async () => {
    const error = { type: "security_exception", reason: "no" };
    const refused = { "/_msearch": { responses: [{ status: 403, error }] } };
    const found = await held({ ...well, ...refused, ...privileges({}) }, "logs");
    expect(found).toMatchObject({ documents: 2, from: null, to: null, retentionMs: null });
    expect(found?.reason).toBe(
      "Elasticsearch answered 403 security_exception: no; Elasticsearch answered 403 security_exception: /_data_stream/logs is unauthorized",
    );
  });
});

test("a stream whose lifecycle is refused does not hide the retention of another one", async () => {
  const two = {
    data_streams: [
      { name: "logs", backing_indices: [backing] },
      { name: "mine", backing_indices: [] },
    ],
  };
  const answers = {
    ...privileges({}),
    "/_resolve/index/logs,mine": two,
    "/logs,mine/_stats/docs,store": sizes,
    "/_msearch": spans,
    "/_data_stream/mine": { data_streams: [{ name: "mine", lifecycle: { data_retention: "7d" } }] },
  };
  const targets = new Map([
    ["logs", ["app"]],
    ["mine", ["other"]],
  ]);
  const found = await readHoldings(cluster(answers), targets, new AbortController().signal);
  expect(found.get("mine")?.holdings).toMatchObject({ retentionMs: 604_800_000, reason: null });
  expect(found.get("logs")?.holdings).toMatchObject({
    retentionMs: null,
    reason: "Elasticsearch answered 403 security_exception: /_data_stream/logs is unauthorized",
  });
});

test("a shard that is not assigned makes sizes unknown", async () => {
  const two = { data_streams: [{ name: "logs", backing_indices: [backing, ".ds-logs-000002"] }] };
  const answers = {
    ...well,
    ...privileges({}),
    "/_resolve/index/logs": two,
    "/_data_stream/logs": {},
    "/_msearch": { responses: [{ status: 200, _shards: { failed: 1 } }] },
  };
  expect(await held(answers, "logs")).toMatchObject({
    generations: 2,
    documents: null,
    from: null,
    reason:
      "Elasticsearch has no sizes of 1 of 2 indices: a primary shard is not assigned; not every shard answered the search",
  });
});

test("an Elasticsearch that does not answer throws, as does a name that cannot be resolved", async () => {
  expect(await rejection(held({}, "logs"))).toMatchObject({ code: "elasticsearch_refused" });
  const silent: Pick<Elasticsearch, "ask" | "askForText"> = {
    ask: async ({ path }) => {
      if (path.startsWith("/_resolve")) return resolved;
      throw errorOf({ kind: "timeout", message: "no answer" });
    },
    askForText: () => Promise.reject(new Error("not asked")),
  };
  const asking = readHoldings(silent, new Map([["logs", []]]), new AbortController().signal);
  expect(await rejection(asking)).toMatchObject({ code: "elasticsearch_unavailable" });
});
