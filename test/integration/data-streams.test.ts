import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { streamTemplateName } from "../../lib/rules/template/stream-template.ts";
import { diagnosed } from "../support/doctor-command.ts";
import { eventually } from "../support/eventually.ts";
import { startTestHost, type TestHost } from "../support/host.ts";
import { uniqueName } from "../support/kafka.ts";
import { putFailureStoreTemplate } from "../support/refused.ts";
import { useStack } from "../support/stack-clients.ts";

const servers = useStack();

const lines = (from: number, count: number) =>
  Array.from({ length: count }, (_, n) => ({ value: JSON.stringify({ n: from + n, data_stream: "own" }) }));

/** Elasticsearch's answer. */
const ask = async (path: string, method = "GET") =>
  Object((await servers.elasticsearch.request(method, path)).body);

/** What the cluster state says about a stream; null if it does not exist. */
async function stateOf(stream: string): Promise<{
  readonly generation: number;
  readonly indices: readonly string[];
  readonly lifecycle: object | null;
} | null> {
  const { metadata } = await ask(`/_cluster/state/metadata/${stream}?filter_path=metadata.data_stream`);
  const found = metadata?.data_stream.data_stream[stream];
  if (found === undefined) return null;
  const { generation, indices, lifecycle = null } = found;
  return {
    generation,
    indices: indices.map((index: { index_name: string }) => index.index_name),
    lifecycle,
  };
}

describe("two topics declared with data streams, in the file and in etcd", () => {
  const run = uniqueName("streams").toLowerCase().replaceAll("-", "_");
  const topics = { json: `${run}.json`, text: `${run}.text` };
  const shared = `logs-${run}-prod`;
  const own = `logs-${topics.text}-prod`;
  const key = `/${run}`;
  let host: TestHost;
  const config = (retention: string) => ({
    ...servers.config,
    etcd: { endpoints: servers.addresses.etcdEndpoints, keys: [key] },
    topics: [{ topic: topics.json, dataStream: shared, retention, format: "json" }],
  });

  beforeAll(async () => {
    for (const topic of Object.values(topics)) {
      await servers.kafka.createTopic(topic);
      await servers.kafka.produce(topic, lines(0, 10));
    }
    const declared = [{ topic: topics.text, dataStream: "logs-{topic}-prod" }];
    await servers.etcd.put(key).value(JSON.stringify(declared));
    host = await startTestHost(config("30d"));
  }, 240_000);
  afterAll(async () => {
    await host?.[Symbol.asyncDispose]();
    await servers.etcd.delete().key(key);
  });

  test("are created by their first documents, and flow on across a rollover", async () => {
    await host.untilIndexed(topics.json, 10);
    await host.untilIndexed(topics.text, 10);
    expect(await stateOf(shared)).toMatchObject({
      generation: 1,
      lifecycle: { enabled: true, data_retention: "30d" },
    });
    // Without a declared retention, the lifecycle only rolls the stream over.
    expect((await stateOf(own))?.lifecycle).toEqual({ enabled: true });

    await servers.elasticsearch.demand("POST", `/${shared}/_rollover`);
    for (const topic of Object.values(topics)) await servers.kafka.produce(topic, lines(10, 10));
    await host.untilIndexed(topics.json, 20);
    await host.untilIndexed(topics.text, 20);
    const { generation, indices } = (await stateOf(shared)) ?? { generation: 0, indices: [] };
    expect([generation, indices.length]).toEqual([2, 2]);
    expect(await servers.elasticsearch.count(indices[1] ?? "")).toBe(10);
  }, 240_000);

  test("have the same mapping in each generation, and the parts of their name in each document", async () => {
    const mappings = await ask(`/${shared}/_mapping`);
    for (const { mappings: mapping } of Object.values<{ mappings: { properties: object } }>(mappings))
      expect(mapping).toMatchObject({
        properties: {
          "kafka.topic": { type: "keyword" },
          "kafka.offset": { type: "long" },
          "data_stream.dataset": { type: expect.stringMatching(/keyword$/) },
        },
      });
    expect(Object.keys(mappings)).toHaveLength(2);

    const { hits } = await ask(`/${shared}/_search?q=kafka.offset:15`);
    expect(hits.hits.map((hit: { _source: unknown }) => hit._source)).toMatchObject([
      {
        n: 15,
        data_stream: { type: "logs", dataset: run, namespace: "prod" },
        json: { data_stream: "own" },
        tags: ["json_field_renamed"],
      },
    ]);
  }, 240_000);

  test("are found together through the alias of all streams", async () => {
    const query = encodeURIComponent(`kafka.topic:"${topics.json}" OR kafka.topic:"${topics.text}"`);
    await ask("/penstock-streams/_refresh", "POST");
    const { count } = await ask(`/penstock-streams/_count?q=${query}`);
    expect(count).toBe(40);
  }, 240_000);

  test("a changed retention replaces the topic and its template; what the server cannot change is said once", async () => {
    await host.writeConfig(config("7d"));
    await host.untilTopic(topics.json, "has its new retention", ({ spec }) => spec.retention === "7d");
    await host.untilTopic(topics.json, "runs", ({ state }) => state === "running");
    const path = `/_index_template/${streamTemplateName(shared)}`;
    const { index_templates: templates } = await ask(path);
    expect(templates[0].index_template).toMatchObject({
      index_patterns: [shared],
      priority: 151,
      composed_of: ["penstock-streams"],
      template: { lifecycle: { data_retention: "7d" }, aliases: { "penstock-streams": {} } },
    });
    // The packaged Elasticsearch lacks the address that changes an existing stream.
    expect(await stateOf(shared)).toMatchObject({ lifecycle: { data_retention: "30d" } });
    // A busy server may have been too late before.
    const told = () =>
      host
        .log()
        .filter(({ stream, reason }) => stream === shared && String(reason).includes("no handler found"));
    await eventually("it is said", () => told().length > 0);
    const msg = "data stream: its retention stays as it is";
    expect(told()).toMatchObject([{ msg, declared: "7d" }]);
    await servers.kafka.produce(topics.json, lines(20, 5));
    await host.untilIndexed(topics.json, 25);
    expect(await servers.elasticsearch.count(shared)).toBe(25);
  }, 240_000);
});

test("a stream whose template somebody deletes gets it back with its next bulk", async () => {
  const topic = uniqueName("templateless").toLowerCase();
  const stream = `logs-${topic.replaceAll("-", "_")}-prod`;
  await servers.kafka.createTopic(topic);
  await using host = await startTestHost({ ...servers.config, topics: [{ topic, dataStream: stream }] });
  await host.untilTopic(topic, "runs", ({ state }) => state === "running");
  await ask(`/_index_template/${streamTemplateName(stream)}`, "DELETE");
  await servers.kafka.produce(topic, lines(0, 3));
  await host.untilIndexed(topic, 3);
  expect(await stateOf(stream)).toMatchObject({ generation: 1 });
}, 240_000);

describe("a data stream that cannot be", () => {
  const run = uniqueName("nostream").toLowerCase().replaceAll("-", "_");
  const topics = { well: `${run}.well`, index: `${run}.index`, foreign: `${run}.foreign` };
  const streamOf = (topic: string) => `logs-${topic}-prod`;
  const declared = Object.values(topics).map((topic) => ({ topic, dataStream: streamOf(topic) }));

  beforeAll(async () => {
    await servers.elasticsearch.request("PUT", `/${streamOf(topics.index)}`);
    await servers.elasticsearch.request("PUT", `/_index_template/${run}`, {
      index_patterns: [`logs-${run}.fore*`],
      priority: 151,
      data_stream: {},
    });
    for (const topic of Object.values(topics)) {
      await servers.kafka.createTopic(topic);
      await servers.kafka.produce(topic, lines(0, 3));
    }
  });
  afterAll(() => servers.elasticsearch.request("DELETE", `/_index_template/${run}`));

  test("because of an index of its name, or another's template, fails alone, as doctor says before", async () => {
    const config = { ...servers.config, topics: declared };
    const doctor = await diagnosed(config);
    const reasons = {
      index: `there is an index named "${streamOf(topics.index)}", so no data stream can have this name`,
      foreign: "that have the same priority [151]",
    };
    for (const kind of ["index", "foreign"] as const)
      expect(doctor.find(`data stream ${streamOf(topics[kind])}`)).toMatchObject({
        state: "failed",
        seen: expect.stringContaining(reasons[kind]),
      });

    expect(doctor.find("data streams")).toMatchObject({
      state: "ok",
      seen: "1 template there, or can be written",
    });

    await using host = await startTestHost(config);
    await host.untilIndexed(topics.well, 3);
    for (const kind of ["index", "foreign"] as const) {
      const { reason } = await host.untilTopic(topics[kind], "fail", ({ state }) => state === "failed");
      expect(reason).toContain(reasons[kind]);
    }
    expect(await servers.elasticsearch.count(streamOf(topics.index))).toBe(0);

    await ask(`/${streamOf(topics.index)}`, "DELETE");
    await ask(`/_index_template/${run}`, "DELETE");
    for (const topic of Object.values(topics)) await host.untilIndexed(topic, 3);
    expect(await stateOf(streamOf(topics.index))).toMatchObject({ generation: 1 });
  }, 240_000);

  test("because templates are not managed and there is none, stalls, and never becomes an index", async () => {
    const topic = `${run}.unmanaged`;
    await servers.kafka.createTopic(topic);
    await servers.kafka.produce(topic, lines(0, 3));
    const config = {
      ...servers.config,
      elasticsearch: { ...servers.config.elasticsearch, manageTemplates: false },
      topics: [{ topic, dataStream: streamOf(topic) }],
    };
    const doctor = await diagnosed(config);
    expect(doctor.find(`data stream ${streamOf(topic)}`)?.seen).toContain("no index template makes it");

    await using host = await startTestHost(config);
    await host.untilTopic(
      topic,
      "say why",
      ({ reason }) => reason?.includes("requires a data stream") === true,
    );
    const { status } = await servers.elasticsearch.request("GET", `/${streamOf(topic)}`);
    expect(status).toBe(404);

    const name = `${run}-mine`;
    await servers.elasticsearch.request("PUT", `/_index_template/${name}`, {
      index_patterns: [streamOf(topic)],
      priority: 10,
      data_stream: {},
      // As text it would stay out of the alias.
      template: { mappings: { properties: { "kafka.topic": { type: "keyword" } } } },
    });
    await host.untilIndexed(topic, 3);
    expect(await stateOf(streamOf(topic))).toMatchObject({ generation: 1 });

    // Managed from now on: a stream that another template made is searched with all others.
    const inAlias = async (): Promise<unknown> =>
      (await ask(`/penstock-streams/_search?q=kafka.topic:"${topic}"&filter_path=hits.total.value`)).hits
        ?.total.value;
    expect(await inAlias()).toBe(0);
    await host.writeConfig({ ...config, elasticsearch: servers.config.elasticsearch });
    await eventually("the stream is in the alias", async () => (await inAlias()) === 3);
  }, 360_000);
});

test("a record that Elasticsearch's parser cannot read holds up nothing, also with a failure store", async () => {
  const topic = uniqueName("unreadable").toLowerCase();
  await putFailureStoreTemplate(servers.elasticsearch, topic, { pattern: topic, field: "code" });
  await servers.kafka.createTopic(topic, 1);
  const values = ["9".repeat(1_200), `${"[".repeat(1_100)}${"]".repeat(1_100)}`, "1"];
  const declared = { topic, dataStream: topic, format: "json" };
  await using host = await startTestHost({ ...servers.config, topics: [declared] });
  await servers.kafka.produce(
    topic,
    values.map((value) => ({ value: `{"n":${value}}` })),
  );
  await host.untilIndexed(topic, 3);
  expect(await servers.elasticsearch.count(topic)).toBe(3);
}, 180_000);
