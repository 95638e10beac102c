import { expect, test } from "bun:test";
import { Etcd3 } from "etcd3";
import type { DeclarationsListing } from "../../functions/list-declarations.ts";
import type { ReplayJob } from "../../infra/api/letters/dead-letters.ts";
import { DescribedAnswers } from "../support/described-answers.ts";
import { eventually } from "../support/eventually.ts";
import { startTestHost, type TestHost } from "../support/host.ts";
import { kafkaEvent } from "../support/kafka-event.ts";
import { uniqueName } from "../support/kafka.ts";
import { sourceRecord } from "../support/records.ts";
import { useStack } from "../support/stack-clients.ts";
import { strictIndex } from "../support/elasticsearch.ts";

const servers = useStack();

/** Calls a host, and checks each answer against the description that this host serves. */
function asking(host: TestHost, described: DescribedAnswers) {
  return async (asked: string, status: number, init: RequestInit = {}): Promise<Response> => {
    const [method = "", path = ""] = asked.split(" ");
    const request = { method, ...init };
    const response = await (status === 503 ? host.fetch(path, request) : host.answer(path, request));
    expect({ asked, status: response.status }).toEqual({ asked, status });
    await described.check(asked, response);
    return response;
  };
}

const asJson = (body: unknown, headers: Readonly<Record<string, string>> = {}) => ({
  body: JSON.stringify(body),
  headers: { "content-type": "application/json", ...headers },
});

test("a real host answers as its API is described, for good and bad requests", async () => {
  const [topic, missing] = [uniqueName("described"), uniqueName("missing")];
  const key = uniqueName("described-key");
  const described = new DescribedAnswers();
  const etcd = new Etcd3({ hosts: [...servers.addresses.etcdEndpoints] });
  try {
    // One declaration that contradicts the file's, and an invalid one.
    await etcd.put(key).value(JSON.stringify([{ topic, path: "/elsewhere" }, { topic: "a b" }]));
    await servers.kafka.createTopic(topic, 2);
    await servers.elasticsearch.request("PUT", `/${topic}`, strictIndex({ n: { type: "long" } }));
    await servers.kafka.produce(topic, [{ value: '{"n":1}' }, { value: '{"n":"one"}' }, { value: null }]);
    await using host = await startTestHost({
      ...servers.config,
      deadLetters: { topic: uniqueName("dead") },
      etcd: { endpoints: servers.addresses.etcdEndpoints, keys: [key] },
      topics: [{ topic, format: "json", rejected: "dead-letter" }, missing],
    });
    const ask = asking(host, described);

    const served = await ask("GET /openapi.json", 200);
    expect(await served.json()).toEqual(JSON.parse(JSON.stringify(described.document)));
    await ask("POST /reconcile?dryRun=true", 200);
    await host.untilTopic(topic, "has read all", ({ counts }) => {
      return counts.indexed + counts.duplicate + counts.deadLettered >= 2;
    });
    await host.untilReady();
    const plan = await ask("POST /reconcile", 200);
    expect(await plan.json()).toMatchObject({
      plan: { keep: [{ topic }], pending: [{ topic: missing }], refused: [{ name: "a b" }] },
      conflicts: [
        { topic, differs: expect.arrayContaining([{ field: "format", from: "json", to: "text" }]) },
      ],
    });
    await ask("GET /topics", 200);
    // A busy server may have been asked in vain just now.
    await eventually("it is ready", () => ask("GET /readyz", 200));
    await ask("GET /healthz", 200);
    await ask("GET /metrics", 200);
    for (const path of ["/", "/ui/topics", "/ui/topics/some_topic"]) await ask(`GET ${path}`, 200);

    await servers.elasticsearch.request("POST", `/${topic}/_refresh`);
    const found = (await (await ask(`GET /logs?topic=${topic}&histogram=true`, 200)).json()) as {
      readonly hits: readonly { readonly id: string }[];
    };
    const documentId = found.hits[0]?.id ?? "";
    await ask(`GET /logs?topic=${missing}&q=nothing`, 200);
    await ask(`GET /logs/document?topic=${topic}&id=${documentId}`, 200);
    await ask(`GET /logs/document?topic=${topic}&id=none`, 404);
    await ask(`GET /logs/export?topic=${topic}&format=csv`, 200);

    const listed = (await (await ask("GET /declarations", 200)).json()) as DeclarationsListing;
    const revision = listed.etcd?.keys[0]?.revision;
    const removal = { action: "remove", key, revision, target: { topic } };
    described.checkBody("POST /declarations", removal);
    const preview = await ask("POST /declarations?dryRun=true", 200, asJson(removal));
    expect(await preview.json()).toMatchObject({
      action: "removed",
      plan: { keep: [{ topic }] },
      conflicts: [],
    });
    await ask("POST /declarations", 409, asJson({ ...removal, revision: 1 }));
    await ask("POST /declarations", 422, asJson({ ...removal, target: { topic: "not-there" } }));
    await ask("POST /declarations", 400, asJson({ action: "add" }));
    await ask("POST /declarations", 200, asJson(removal));
    await ask(`POST /reconcile?plan=${"A".repeat(43)}`, 409);

    await ask("GET /dead-letters", 200);
    await ask("GET /dead-letters?topic=a%20b", 400);
    const started = await ask("POST /replay", 202, asJson({ topic, dryRun: true }));
    const { id } = (await started.json()) as ReplayJob;
    await eventually("the replay has ended", async () => {
      const job = (await (await ask(`GET /replay/${id}`, 200)).json()) as ReplayJob;
      return job.state === "done";
    });
    await ask("GET /replay/none", 404);

    const event = kafkaEvent([
      { topic, record: sourceRecord('{"n":2}', { offset: 100 }) },
      { topic: uniqueName("undeclared"), record: sourceRecord("x") },
    ]);
    described.checkBody("POST /ingest", event);
    await ask("POST /ingest", 200, asJson(event));
    await ask("POST /ingest", 400, asJson({ eventSource: "aws:kafka" }));
    await ask("POST /session", 404, asJson({ token: "x" }));
    await ask("DELETE /session", 204);
  } finally {
    await etcd.delete().key(key);
    etcd.close();
  }
}, 240_000);

test("so does one with a token and unreachable servers", async () => {
  const described = new DescribedAnswers();
  const token = "correct-horse-battery-staple";
  await using host = await startTestHost({
    http: { port: 0, token },
    kafka: { brokers: ["127.0.0.1:1"] },
    elasticsearch: { nodes: ["http://127.0.0.1:1"] },
    etcd: { endpoints: ["http://127.0.0.1:1"], keys: ["k"] },
    topics: ["a"],
  });
  const ask = asking(host, described);
  const authorization = `Bearer ${token}`;
  const unready = (await (await ask("GET /readyz", 503)).json()) as {
    checks: Record<string, { ok: boolean }>;
  };
  expect(unready.checks["kafka"]?.ok).toBe(false);
  await ask("GET /topics", 401);
  await ask("GET /topics", 200, { headers: { authorization } });
  await ask("POST /session", 401, asJson({ token: "x" }));
  await ask("POST /session", 204, asJson({ token }));
  const event = kafkaEvent([{ topic: "a", record: sourceRecord("x") }]);
  const refused = await ask("POST /ingest", 503, asJson(event, { authorization }));
  expect(await refused.json()).toMatchObject({
    detail: "etcd was not read yet, so its declarations are not known.",
  });
}, 240_000);
