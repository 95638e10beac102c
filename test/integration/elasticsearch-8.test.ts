import { afterAll, beforeAll, expect, test } from "bun:test";
import { startStack, type Stack } from "../../infra/stack/stack.ts";
import type { TopicStatus } from "../../lib/rules/progress/status.ts";
import { createAuthority, type TestAuthority } from "../support/certificates.ts";
import { runCommand } from "../support/command.ts";
import { testElasticsearch, type TestElasticsearch } from "../support/elasticsearch.ts";
import { eventually } from "../support/eventually.ts";
import { startTestHost, type TestHost } from "../support/host.ts";
import { uniqueName } from "../support/kafka.ts";
import { unforgiving } from "../support/refused.ts";
import { replayJson } from "../support/replay-command.ts";
import { secureElasticsearch, type SecuredElasticsearch } from "../support/secured-elasticsearch.ts";
import { useStack } from "../support/stack-clients.ts";
import { tryJson } from "../support/try-command.ts";

/** A record's whole path with Elasticsearch 8. PENSTOCK_STACK_ELASTICSEARCH=8.19.5 runs all other tests on it too. */
const accepted = "ApiKey a2V5";
const servers = useStack();
let eight: Stack;
let elasticsearch: TestElasticsearch;
let authority: TestAuthority;
let proxy: SecuredElasticsearch;

beforeAll(async () => {
  [authority, eight] = await Promise.all([
    createAuthority(),
    startStack({
      kafka: false,
      etcd: false,
      elasticsearchVersion: "8.19.5",
      elasticsearchSettings: { "http.max_content_length": "1mb" },
    }),
  ]);
  elasticsearch = testElasticsearch(eight.elasticsearch.node);
  const certificate = await authority.issue("served", { hosts: ["127.0.0.1"] });
  proxy = secureElasticsearch(eight.elasticsearch.node, certificate, { accepted });
}, 720_000);
afterAll(async () => {
  await proxy?.[Symbol.asyncDispose]();
  await eight?.stop();
  await authority?.[Symbol.asyncDispose]();
});

const configFor = (topics: readonly object[], group = servers.config.kafka.group) => ({
  ...servers.config,
  http: { port: 0 },
  kafka: { ...servers.config.kafka, group },
  elasticsearch: { nodes: [proxy.url], auth: { apiKey: "a2V5" }, tls: { ca: authority.caFile } },
  topics,
});

async function ready(host: TestHost): Promise<string | null> {
  const { checks } = (await (await host.fetch("/readyz")).json()) as {
    checks: { elasticsearch: { reason: string | null } };
  };
  return checks.elasticsearch.reason;
}

test("records, doubles, dead letters, a 413, template, search, audit and replay on 8.19.5", async () => {
  const [version] = Object.values(
    (await elasticsearch.request("GET", "/_nodes?filter_path=nodes.*.version")).body["nodes"] as object,
  ) as { version: string }[];
  expect(version).toEqual({ version: "8.19.5" });

  const topic = uniqueName("eight");
  await servers.kafka.createTopic(topic, 2);
  await elasticsearch.request("PUT", `/${topic}`, { mappings: { properties: { took: { type: "long" } } } });
  const lines = Array.from({ length: 300 }, (_, n) => ({
    value: JSON.stringify({ message: `line ${n} timeout`, took: n, pad: "x".repeat(10_000) }),
  }));
  // Over 3 MB in all: the server accepts 1 MB per request.
  for (let at = 0; at < lines.length; at += 60) await servers.kafka.produce(topic, lines.slice(at, at + 60));
  await servers.kafka.produce(topic, [{ value: '{"message":"bad","took":"long"}' }]);
  const hasAll = ({ counts }: TopicStatus): boolean =>
    counts.indexed + counts.duplicate >= 300 && counts.deadLettered >= 1;
  const config = configFor([{ topic, ...unforgiving }]);
  await using host = await startTestHost(config);
  await host.untilTopic(topic, "has all", hasAll);
  expect(await elasticsearch.count(topic)).toBe(300);

  const template = await elasticsearch.request("GET", "/_index_template/penstock");
  expect(JSON.stringify(template.body)).toContain(`"${topic}"`);
  const found = await host.fetch(`/logs?topic=${topic}&q=timeout&from=2020-01-01&to=2040-01-01`);
  expect(await found.json()).toMatchObject({ total: { value: 300, exact: true }, complete: true });

  const audit = await runCommand("audit", config, ["--json"]);
  expect({ code: audit.code, error: audit.error }).toEqual({ code: 0, error: "" });
  const elsewhere = uniqueName("replayed");
  expect(await replayJson(config, "--topic", topic, "--index", elsewhere)).toMatchObject({ code: 0 });
  expect(await elasticsearch.count(elsewhere)).toBe(1);

  // Another group reads everything again: nothing is written twice.
  await using again = await startTestHost(configFor([{ topic, ...unforgiving }], uniqueName("again")));
  await again.untilTopic(topic, "has all", hasAll);
  expect(await elasticsearch.count(topic)).toBe(300);
}, 360_000);

test("a data stream on 8.19.5, across a rollover", async () => {
  const topic = uniqueName("eight-stream");
  const stream = `logs-${topic.replaceAll("-", "_")}-prod`;
  await servers.kafka.createTopic(topic);
  const produce = (from: number) =>
    servers.kafka.produce(
      topic,
      Array.from({ length: 10 }, (_, n) => ({ value: `line ${from + n}` })),
    );
  await produce(0);
  await using host = await startTestHost(configFor([{ topic, dataStream: stream, retention: "30d" }]));
  await host.untilIndexed(topic, 10);
  await elasticsearch.request("POST", `/${stream}/_rollover`);
  await produce(10);
  await host.untilIndexed(topic, 20);
  expect(await elasticsearch.count(stream)).toBe(20);
  expect(await elasticsearch.count(`penstock-streams`)).toBe(20);
  const state = await elasticsearch.request("GET", `/_cluster/state/metadata/${stream}`);
  expect(state.body).toMatchObject({
    metadata: {
      data_stream: {
        data_stream: { [stream]: { generation: 2, lifecycle: { enabled: true, data_retention: "30d" } } },
      },
    },
  });
  const mappings = Object((await elasticsearch.request("GET", `/${stream}/_mapping`)).body);
  expect(Object.keys(mappings)).toHaveLength(2);
  for (const mapping of Object.values(mappings))
    expect(mapping).toMatchObject({ mappings: { properties: { "kafka.offset": { type: "long" } } } });
}, 240_000);

test("from 8.19.5 to 9 and to neither, without a restart: headers follow, and nothing is lost or written", async () => {
  const topic = uniqueName("upgrade");
  await servers.kafka.createTopic(topic);
  await using host = await startTestHost(configFor([{ topic }]));
  const sending = new AbortController();
  let sent = 0;
  const send = (async () => {
    while (!sending.signal.aborted) {
      await servers.kafka.produce(topic, [{ value: `line ${sent}` }]);
      sent += 1;
      await Bun.sleep(20);
    }
  })();
  await eventually("some in 8", async () => (await elasticsearch.count(topic)) > 10);
  const [nine = ""] = servers.config.elasticsearch.nodes;
  proxy.node = nine;
  await eventually("some in 9", async () => (await servers.elasticsearch.count(topic)) > 10);
  // And back, to a cluster that refuses the headers for 9.
  proxy.node = eight.elasticsearch.node;
  const before = await elasticsearch.count(topic);
  await eventually("more in 8", async () => (await elasticsearch.count(topic)) > before + 10);

  await using other = stranger({ number: "2.19.1", distribution: "opensearch" });
  proxy.node = other.url;
  const reason = "Elasticsearch 8 or 9 is needed, but the answer comes from OpenSearch 2.19.1";
  await eventually(reason, async () => (await ready(host)) === reason);
  expect(other.documents()).toBe(0);
  await using seven = stranger({ number: "7.17.28" });
  proxy.node = seven.url;
  const tooOld = "Elasticsearch 8 or 9 is needed, but the answer comes from version 7.17.28";
  await eventually(tooOld, async () => (await ready(host)) === tooOld);
  expect(seven.documents()).toBe(0);
  const doctor = await runCommand("doctor", configFor([{ topic }]), ["--json"]);
  expect(doctor.code).toBe(1);
  expect(doctor.out).toContain(tooOld);
  expect(doctor.out).toContain("point elasticsearch.nodes to Elasticsearch 8 or 9");

  proxy.node = eight.elasticsearch.node;
  sending.abort();
  await send;
  await host.untilIndexed(topic, sent);
  const [old, young] = [await elasticsearch.count(topic), await servers.elasticsearch.count(topic)];
  expect(old + young).toBe(sent);
}, 360_000);

/** Version answers: Elasticsearch 7 names its product since 7.14, OpenSearch does not. */
function stranger(version: { readonly number: string; readonly distribution?: string }) {
  let documents = 0;
  const product: Record<string, string> =
    version.distribution === undefined ? { "x-elastic-product": "Elasticsearch" } : {};
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch: async (request) => {
      const { pathname } = new URL(request.url);
      if (pathname === "/_nodes")
        return Response.json({ nodes: { a: { version: version.number } } }, { headers: product });
      if (pathname === "/") return Response.json({ name: "a", version }, { headers: product });
      // RestController of 7.17: a media type that asks for a later version is refused.
      const asks = request.headers.get("accept") ?? "";
      if (asks.includes("compatible-with")) {
        const error = {
          type: "media_type_header_exception",
          reason: "Invalid media-type value on headers [Accept]",
        };
        return Response.json({ error, status: 400 }, { status: 400, headers: product });
      }
      if (request.method !== "GET") documents += 1;
      return Response.json({ errors: false, items: [] }, { headers: product });
    },
  });
  return {
    url: `http://127.0.0.1:${server.port}`,
    documents: () => documents,
    [Symbol.asyncDispose]: () => server.stop(true),
  };
}

test("a trial on 8.19.5: pipelines are simulated there too, and what is too large for one request is halved", async () => {
  const topic = uniqueName("eight-try");
  await servers.kafka.createTopic(topic);
  const pad = "x".repeat(100_000);
  const messages = Array.from({ length: 20 }, (_, n) => ({
    value: JSON.stringify({ message: `line ${n}`, pad }),
  }));
  await servers.kafka.produce(topic, messages.slice(0, 9));
  await servers.kafka.produce(topic, messages.slice(9, 18));
  await servers.kafka.produce(topic, messages.slice(18));
  await elasticsearch.request("PUT", `/_ingest/pipeline/${topic}`, {
    processors: [{ set: { field: "added", value: "yes" } }, { drop: { contains: "line 7" } }],
  });
  const { tried, code } = await tryJson(configFor([]), topic, "--format", "json", "--pipeline", topic);
  expect({ code, problem: tried.problem }).toEqual({ code: 0, problem: null });
  expect(tried.outcomes).toMatchObject({ indexed: 19, skipped: 1 });
  expect(tried.records[0]).toMatchObject({ document: { added: "yes" }, pipelines: [topic] });
  expect((await elasticsearch.request("GET", `/${topic}`)).status).toBe(404);
}, 240_000);
