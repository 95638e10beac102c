import { describe, expect, test } from "bun:test";
import { Validator } from "@seriousme/openapi-schema-validator";
import type { HttpDeps } from "../../../../../infra/host/http/app.ts";
import { hostStopping, PenstockError } from "../../../../../lib/rules/base/errors.ts";
import type { TriedTopic } from "../../../../../lib/rules/trial/tried.ts";
import { unknownHoldings } from "../../../../../lib/rules/progress/holdings.ts";
import { DescribedAnswers } from "../../../../support/described-answers.ts";
import { kafkaEvent } from "../../../../support/kafka-event.ts";
import { rejection } from "../../../../support/rejection.ts";
import { sourceRecord, specification } from "../../../../support/records.ts";
import { listedTopic, partitionStatus, targetStatus } from "../../../../support/topic-status.ts";
import { bearer, fine, problemOf, ready, setUp, token } from "../fixture.ts";

const described = new DescribedAnswers();
const operations = Object.entries(described.document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
);

test("describes every route of the app, and no other", () => {
  const routes = setUp()
    .app.routes.filter(({ method }) => method !== "ALL")
    .map(({ method, path }) => `${method} ${path.replaceAll(/:(\w+)/g, "{$1}")}`);
  expect(routes).toContain("GET /topics");
  expect(operations.map(({ method, path }) => `${method} ${path}`).toSorted()).toEqual(routes.toSorted());
});

test("is valid OpenAPI 3.1, every reference resolved", async () => {
  const document = structuredClone(described.document) as unknown as Record<string, unknown>;
  const validator = new Validator();
  expect(await validator.validate(document)).toEqual({ valid: true });
  const names = Object.keys(described.document.components.schemas);
  const referred = JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g);
  const missing = [...referred]
    .map(([, place = ""]) => place)
    .filter((place) => !names.includes(place.replace("#/components/schemas/", "")));
  expect(missing).toEqual([]);
  const broken = await validator.validate({ ...structuredClone(document), paths: { nope: 1 } });
  expect(broken.valid).toBe(false);
});

test("is served as it is, to who may read it", async () => {
  const { ask } = setUp({ token });
  expect((await ask("/openapi.json")).status).toBe(401);
  const response = await ask("/openapi.json", { headers: bearer(token) });
  expect([response.status, response.headers.get("content-type")]).toEqual([200, "application/json"]);
  expect(await response.json()).toEqual(JSON.parse(JSON.stringify(described.document)));
});

test("says of each parameter whether a request without it is refused", async () => {
  const { ask } = setUp();
  for (const { method, path, operation } of operations) {
    const parameters = operation.parameters?.filter((parameter) => parameter.in === "query") ?? [];
    for (const { name, required } of parameters) {
      const query = new URLSearchParams();
      for (const other of parameters)
        if (other.required === true && other.name !== name)
          query.set(other.name, other.schema?.type === "integer" ? "0" : "overview");
      const response = await ask(`${path}?${query.toString()}`, { method });
      const { detail = "" } = response.status === 400 ? await problemOf(response) : {};
      if (!response.bodyUsed) await response.body?.cancel();
      expect({ path, name, required: String(detail).startsWith(`${name} `) }).toEqual({
        path,
        name,
        required: required === true,
      });
    }
  }
});

test.each(operations.map(({ method, path, operation }) => [method, path, operation] as const))(
  "%s %s wants a token exactly where it is said to",
  async (method, path, { security }) => {
    const { ask } = setUp({ token, hostname: "0.0.0.0" });
    const response = await ask(path.replaceAll(/\{\w+\}/g, "x"), { method });
    expect(response.status === 401).toBe(security === undefined);
    await described.check(`${method} ${path}`, response);
  },
);

describe("answers are as described:", () => {
  const json = { "content-type": "application/json" };
  const event = kafkaEvent([
    { topic: "a", record: sourceRecord("x", { headers: [{ name: "h", value: Buffer.from([255]) }] }) },
    { topic: "a", record: sourceRecord(null, { offset: 1, headers: [{ name: "h", value: null }] }) },
  ]);
  const stuck = { topic: "golang_log", partitions: [2], since: fine.since, reason: null, remedy: null };
  const checks = {
    ...ready.checks,
    etcd: { ok: false, reason: "no answer in 10 s", since: null },
    progress: { ...fine, ok: false, reason: "stuck", partitions: ["golang_log/2"], topics: [stuck] },
  };
  const away = new PenstockError("kafka_unavailable", "Kafka does not answer", { retryable: true });
  const stopping: HttpDeps["replays"] = {
    start: () => {
      throw hostStopping();
    },
    get: () => null,
  };
  const triedTopic: TriedTopic = {
    spec: specification(),
    partitions: 1,
    problem: null,
    notes: ["a note"],
    outcomes: { indexed: 0, "gave-way": 0, skipped: 0, "dead-lettered": 1, waits: 0, unknown: 0 },
    times: { record: 1 },
    levels: { none: 1 },
    tags: {},
    ignored: {},
    groups: [
      {
        outcome: "dead-lettered",
        type: "document_parsing_exception",
        field: "n",
        text: "no",
        records: 1,
        first: { partition: 0, offset: 3 },
      },
    ],
    targets: [{ name: "app", kind: "new", records: 1, fields: { before: 1, after: 2, limit: 1000 } }],
    records: [
      {
        partition: 0,
        offset: 3,
        timestamp: null,
        outcome: "dead-lettered",
        index: "app",
        document: '{"n":{}}',
        pipelines: ["p"],
        ignored: [],
        reason: { type: "document_parsing_exception", text: "no", field: "n" },
      },
    ],
  };
  const loss = { partition: 0, from: 1, to: null, cause: "recreated", at: fine.since } as const;

  const cases: readonly (readonly [string, number, RequestInit?, Partial<HttpDeps>?])[] = [
    ["GET /", 200],
    ["GET /ui/topics/some_topic", 200],
    ["GET /assets/nope.js", 404],
    ["GET /ui/events?view=nope", 400],
    ["GET /logs?size=0", 400],
    ["GET /logs?topic=nope", 404],
    ["GET /logs/document?topic=nope&id=1", 404],
    ["GET /logs/export?format=xml", 400],
    ["GET /logs/tail", 400],
    ["GET /openapi.json", 200],
    ["GET /healthz", 200],
    ["GET /readyz", 200],
    ["GET /readyz", 503, {}, { health: () => ({ status: "not ready", checks }) }],
    ["GET /metrics", 200],
    [
      "GET /topics",
      200,
      {},
      { topics: async () => [listedTopic({ partitions: [partitionStatus({ lag: null })], lost: [loss] })] },
    ],
    [
      "GET /topics",
      200,
      {},
      {
        topics: async () => [
          listedTopic({ target: targetStatus() }),
          listedTopic({
            target: { name: "a", ...unknownHoldings("no"), topicDocuments: 3, at: null, warning: "late" },
          }),
        ],
      },
    ],
    ["POST /reconcile?dryrun=true", 400],
    [
      "POST /topics/a/try",
      200,
      {},
      { trials: { tryOut: async () => ({ kind: "tried", tried: triedTopic }) } },
    ],
    ["POST /topics/a/try", 400, { body: '{"last":0}', headers: json }],
    ["POST /topics/a/try", 404, {}, { trials: { tryOut: async () => ({ kind: "missing", reason: "no" }) } }],
    ["POST /topics/a/try", 415, { body: "{}" }],
    [
      "POST /topics/a/try",
      422,
      {},
      {
        trials: {
          tryOut: async () => ({ kind: "refused", faults: [{ field: "index", reason: "no" }] }),
        },
      },
    ],
    ["POST /topics/a/try", 503, {}, { trials: { tryOut: () => Promise.reject(away) } }],
    ["POST /reconcile", 500, {}, { reconcile: () => Promise.reject(new Error("a bug")) }],
    ["POST /reconcile", 503, {}, { reconcile: () => Promise.reject(hostStopping()) }],
    ["GET /dead-letters", 503, {}, { digest: () => Promise.reject(hostStopping()) }],
    ["POST /replay", 503, {}, { replays: stopping }],
    ["GET /dead-letters?topic=a%20b", 400],
    ["GET /dead-letters", 503, {}, { digest: () => Promise.reject(away) }],
    ["POST /replay?dryrun=true", 400],
    ["POST /replay", 413, { body: "x".repeat(70_000) }],
    ["POST /replay", 415, { body: "x" }],
    ["GET /replay/x", 404],
    ["POST /session", 404, { body: JSON.stringify({ token }), headers: json }],
    ["DELETE /session", 204],
    ["POST /ingest", 400, { body: "{}", headers: json }],
    ["POST /ingest", 415, { body: "{}" }],
    ["POST /ingest", 503, {}, { ingestRefusal: () => "The host is stopping." }],
    [
      "POST /ingest",
      200,
      { body: JSON.stringify(event), headers: json },
      {
        ingest: async () =>
          Promise.resolve({
            counts: { indexed: 0, duplicate: 0, deadLettered: 0, skipped: 1 },
            failed: [{ name: "a-0", offsets: [0], code: "not_declared", message: "not declared" }],
          }),
      },
    ],
  ];
  test.each(cases)("%s %d", async (asked, status, init = {}, deps = {}) => {
    const [method = "", path = ""] = asked.split(" ");
    const { body = null, headers = {} } = init;
    const response = await setUp({}, deps).ask(path, {
      method,
      body,
      headers: headers as Record<string, string>,
    });
    expect(response.status).toBe(status);
    await described.check(asked, response);
  });

  test("a foreign page's 403, and what comes of the token", async () => {
    const { ask } = setUp();
    for (const { method, path } of operations) {
      const url = path.replaceAll(/\{\w+\}/g, "x");
      const response = await ask(url, { method, headers: { origin: "https://evil.example" } });
      expect(response.status).toBe(403);
      await described.check(`${method} ${path}`, response);
    }
    for (const [body, status] of [
      [{ token }, 204],
      [{ token: "x" }, 401],
      [{}, 400],
    ] as const) {
      const signIn = { method: "POST", body: JSON.stringify(body), headers: json };
      const response = await setUp({ token }).ask("/session", signIn);
      expect(response.status).toBe(status);
      await described.check("POST /session", response);
    }
  });

  test("what is sent, too", () => {
    described.checkBody("POST /ingest", event);
    described.checkBody("POST /replay", { topic: "a", dryRun: true });
    described.checkBody("POST /session", { token });
    expect(() => described.checkBody("POST /ingest", { ...event, eventSource: "aws:sqs" })).toThrow(
      "eventSource",
    );
    expect(() => described.checkBody("POST /replay", { dryrun: true })).toThrow("additional properties");
  });

  test("one that is not is noticed", async () => {
    const answer = (body: unknown, init?: ResponseInit) => Response.json(body, init);
    for (const [response, message] of [
      [answer([{ ...listedTopic(), extra: 1 }]), "additional properties"],
      [answer([{ ...listedTopic(), state: "asleep" }]), "/0/state"],
      [answer([{ ...listedTopic(), since: "today" }]), "/0/since"],
      [answer([], { status: 404 }), "answered 404"],
      [answer([], { headers: { "content-type": "text/plain" } }), "as text/plain"],
    ] as const) {
      expect(String(await rejection(described.check("GET /topics", response)))).toContain(message);
    }
    const unknown = await rejection(described.check("GET /nope", answer([])));
    expect(String(unknown)).toContain("GET /nope is not described");
  });
});
