import { afterAll, describe, expect, test } from "bun:test";
import { createElasticsearchDiagnosis } from "../../../../../lib/adapters/elasticsearch/diagnosis/diagnosis.ts";
import { rejection } from "../../../../support/rejection.ts";
import { settings } from "../../../../support/settings.ts";

/** Answers like an Elasticsearch with security: the test servers have none. */
const answers = new Map<string, unknown>();
const server = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  fetch: (request) => {
    const headers = { "x-elastic-product": "Elasticsearch" };
    const { pathname } = new URL(request.url);
    if (pathname === "/_nodes") return Response.json({ nodes: { a: { version: "9.1.0" } } }, { headers });
    return Response.json(answers.get(pathname) ?? { error: "unknown" }, {
      status: answers.has(pathname) ? 200 : 403,
      headers,
    });
  },
});
const diagnosis = createElasticsearchDiagnosis({
  ...settings().elasticsearch,
  nodes: [`http://127.0.0.1:${server.port}`],
});
afterAll(async () => {
  await diagnosis.close();
  await server.stop(true);
});
const { signal } = new AbortController();

describe("privileges", () => {
  const index = { create_doc: true, auto_configure: false, create_index: true };

  test("one of the privileges to create an index is enough", async () => {
    answers.set("/_security/user/_has_privileges", {
      cluster: { monitor: true },
      index: { app: index, "logs-*": { ...index, create_doc: false, create_index: false } },
    });
    expect(await diagnosis.privileges(["app", "logs-*"], false, signal)).toEqual({
      security: "on",
      missing: [
        { index: "logs-*", privilege: "create_doc" },
        { index: "logs-*", privilege: "auto_configure or create_index" },
      ],
    });
  });
});

test("the newest index of a data stream comes last, and settings may be text", async () => {
  const one = (blocks?: object) => ({
    data_stream: "logs",
    settings: { index: { uuid: "x", ...(blocks && { blocks }) } },
  });
  answers.set("/logs,other", {
    ".ds-logs-2026.01.02-000010": one({ write: "true", read: "true", read_only: "false" }),
    ".ds-logs-2026.01.01-000009": one(),
  });
  const found = await diagnosis.targets(["logs", "other"], signal);
  expect(found.get("logs")).toEqual({
    kind: "data stream",
    indices: [
      { name: ".ds-logs-2026.01.01-000009", blocks: [], closed: false, isWriteIndex: null },
      { name: ".ds-logs-2026.01.02-000010", blocks: ["write"], closed: false, isWriteIndex: null },
    ],
  });
  expect(found.get("other")).toEqual({ kind: "absent", indices: [] });
});

test("a cluster that is read-only by a setting of any layer", async () => {
  answers.set("/_cluster/health", { status: "green" });
  answers.set("/_cluster/settings", {
    persistent: { cluster: { blocks: { read_only: "true" } } },
    defaults: {
      action: { auto_create_index: "false" },
      cluster: { blocks: { read_only_allow_delete: "false" } },
    },
  });
  expect(await diagnosis.cluster(signal)).toEqual({
    status: "green",
    red: [],
    readOnly: true,
    autoCreateIndex: "false",
  });
});

test("the indices of a red cluster that miss a primary shard", async () => {
  answers.set("/_cluster/health", {
    status: "red",
    indices: { app: { status: "green" }, lost: { status: "red" } },
  });
  answers.set("/_cluster/settings", {});
  expect(await diagnosis.cluster(signal)).toMatchObject({ status: "red", red: ["lost"] });
});

test("a refusal and an unreadable answer are thrown", async () => {
  expect(await rejection(diagnosis.disks(signal))).toMatchObject({
    code: "elasticsearch_refused",
    cause: { status: 403 },
  });
  answers.set("/_nodes/_local/stats/os", { nodes: { a: { timestamp: "now" } } });
  expect(await rejection(diagnosis.clock(signal))).toMatchObject({
    message:
      'Elasticsearch\'s answer to /_nodes/_local/stats/os has an unexpected form (at "nodes.a.timestamp")',
  });
});
