import { beforeAll, describe, expect, test } from "bun:test";
import { runAgainst } from "../../infra/cli/audit/against.ts";
import type { Settings } from "../../lib/rules/model/settings.ts";
import { runCommand } from "../support/command.ts";
import { eventually } from "../support/eventually.ts";
import { fetchAgain } from "../support/elasticsearch.ts";
import { uniqueName } from "../support/kafka.ts";
import { createMemoryLogger } from "../support/memory-logger.ts";
import { rejection } from "../support/rejection.ts";
import { kafkaSettings, settings } from "../support/settings.ts";
import { useStack } from "../support/stack-clients.ts";

interface Place {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}
type Document = readonly [id: string | null, source: object];
type Tool = (place: Place, value: string, ms: number) => Document;

const STEP_MS = 100;
const NOON = Date.UTC(2026, 0, 2, 12);
const parsed = (value: string): object => JSON.parse(value) as object;

// src/sources/kafka.rs: the defaults of topic_key, partition_key, offset_key, key_field, headers_key
const vector: Tool = (place, message, ms) => [
  null,
  {
    ...place,
    message,
    message_key: null,
    headers: {},
    source_type: "kafka",
    timestamp: new Date(ms).toISOString(),
  },
];

/** Documents in the forms that the tools document. The topic and partitions are real; so is the mapping, if there is none. */
const tools: Readonly<
  Record<string, { readonly mappings?: object; readonly json?: true; readonly document: Tool }>
> = {
  // filebeat/input/kafka/input.go; the mapping is that of fields.ecs.yml and input/kafka/_meta/fields.yml.
  filebeat: {
    mappings: {
      properties: {
        message: { type: "match_only_text" },
        kafka: {
          properties: {
            topic: { type: "keyword" },
            partition: { type: "long" },
            offset: { type: "long" },
            key: { type: "keyword" },
          },
        },
      },
    },
    document: (place, message, ms) => [
      null,
      {
        "@timestamp": new Date(ms).toISOString(),
        message,
        kafka: { ...place, key: "", headers: [] },
        input: { type: "kafka" },
        agent: { type: "filebeat", version: "9.2.0" },
      },
    ],
  },
  // lib/logstash/inputs/kafka.rb with decorate_events, and mutate { add_field => { "[kafka][offset]" => "%{[@metadata]…}" } }
  logstash: {
    json: true,
    document: ({ topic, partition, offset }, value) => [
      null,
      {
        ...parsed(value),
        "@version": "1",
        "@timestamp": new Date().toISOString(),
        event: { original: value },
        kafka: { topic, partition: String(partition), offset: String(offset) },
      },
    ],
  },
  // DataConverter.java: String.format("%s+%d+%d", topic, partition, offset); into a data stream with @timestamp
  connect: {
    json: true,
    document: ({ topic, partition, offset }, value) => [`${topic}+${partition}+${offset}`, parsed(value)],
  },
  vector: { document: vector },
  // plugins/in_kafka/in_kafka.c, format none and json; its time is that of reading
  "fluent-bit": {
    document: (place, payload) => [
      null,
      { "@timestamp": new Date().toISOString(), ...place, error: null, key: null, payload },
    ],
  },
  // No name begins with another's: each test looks at all indices that begin with its own.
  "json-of-fluent-bit": {
    json: true,
    document: (place, value) => [
      null,
      { "@timestamp": new Date().toISOString(), ...place, error: null, key: null, payload: parsed(value) },
    ],
  },
  // docs.redpanda.com: metadata kafka_partition, kafka_offset of the input, in the output's `id`
  redpanda: {
    json: true,
    document: ({ partition, offset }, value) => [`${partition}-${offset}`, parsed(value)],
  },
};

const PARTITIONS = 3;
const RECORDS = 300;
const run = uniqueName("against");

describe("an index that another tool filled", () => {
  const servers = useStack();
  let own: Settings;

  beforeAll(async () => {
    own = settings({
      kafka: { ...kafkaSettings(), brokers: servers.addresses.brokers },
      elasticsearch: { ...settings().elasticsearch, nodes: [servers.addresses.elasticsearchNode] },
    });
  });

  /** Fills a topic and returns its records' documents. */
  async function fill(topic: string, count: number, value: (n: number) => string, document: Tool) {
    await servers.kafka.createTopic(topic, PARTITIONS);
    const messages = Array.from({ length: count }, (_, n) => ({
      partition: n % PARTITIONS,
      value: value(n),
      timestamp: String(NOON + n * STEP_MS),
    }));
    for (let at = 0; at < count; at += 5_000)
      await servers.kafka.produce(topic, messages.slice(at, at + 5_000));
    return messages.map(({ partition, value: text, timestamp }, n) =>
      document({ topic, partition, offset: Math.floor(n / PARTITIONS) }, text, Number(timestamp)),
    );
  }

  async function index(name: string, documents: readonly Document[]): Promise<void> {
    for (let at = 0; at < documents.length; at += 5_000) {
      const lines = documents
        .slice(at, at + 5_000)
        .map(
          ([id, source]) =>
            `{"create":${id === null ? "{}" : JSON.stringify({ _id: id })}}\n${JSON.stringify(source)}\n`,
        );
      const answer = await fetchAgain(`${servers.addresses.elasticsearchNode}/${name}/_bulk?refresh=true`, {
        method: "POST",
        headers: { "content-type": "application/x-ndjson" },
        body: lines.join(""),
      });
      expect((await answer.json()) as object).toMatchObject({ errors: false });
    }
  }

  const against = (topic: string, name: string, position: "find" | null = "find") =>
    runAgainst({
      settings: own,
      topic,
      index: name,
      position,
      group: null,
      logger: createMemoryLogger(),
      signal: AbortSignal.timeout(230_000),
      onProgress: () => {},
    });

  test.concurrent.each(Object.entries(tools))(
    "%s: what is missing, doubled and changed is found by its positions",
    async (name, { mappings, json = false, document }) => {
      const topic = `${run}-${name}`;
      const value = (n: number): string =>
        json
          ? JSON.stringify({ n, level: "info", line: `request ${n}`, user: { id: n % 7 } })
          : `request ${n} served`;
      const documents = await fill(topic, RECORDS, value, document);
      if (mappings !== undefined) {
        await servers.elasticsearch.demand("PUT", `/${topic}`, { mappings });
      }
      // Record n is at n % 3 : floor(n / 3): 0:4 and 1:4 are missing, 2:4 is changed, 0:60 is there twice.
      const changed = documents.map((one, n): Document => {
        if (n !== 14) return one;
        return [one[0], parsed(JSON.stringify(one[1]).replaceAll("request 14", "request fourteen"))];
      });
      await index(
        topic,
        changed.filter((_, n) => n !== 12 && n !== 13),
      );
      await index(`${topic}-2`, documents.slice(180, 181));
      const found = await against(topic, `${topic}*`);
      expect(found).toMatchObject({
        mode: "position",
        clean: false,
        missing: { count: 2, at: [place(0, 4), place(1, 4)] },
        doubled: { count: 1, at: [place(0, 60)] },
        changed: { count: 1, at: [place(2, 4)] },
        unknown: { count: 0, at: [] },
        records: RECORDS,
        documents: RECORDS - 1,
        compared: RECORDS - 1,
      });
      expect(found.by).toContain("200 of 200 sampled documents");
    },
    240_000,
  );

  test.concurrent("a mapping that refuses values explains what is missing", async () => {
    const topic = `${run}-cause`;
    const value = (n: number): string =>
      JSON.stringify({ n: n === 30 ? "thirty" : n, day: n === 31 ? "Friday" : "2026-11-30" });
    const documents = await fill(topic, 90, value, ({ partition, offset }, text) => [
      `${topic}+${partition}+${offset}`,
      parsed(text),
    ]);
    const mappings = { properties: { n: { type: "long" }, day: { type: "date" } } };
    await servers.elasticsearch.request("PUT", `/${topic}`, { mappings });
    await index(
      topic,
      documents.filter((_, n) => n !== 30 && n !== 31),
    );
    const { missing, causes } = await against(topic, topic);
    expect(missing.at).toEqual([place(0, 10), place(1, 10)]);
    expect(causes.map(({ cause }) => cause).sort()).toEqual([
      expect.stringContaining('field "day" is mapped as date'),
      expect.stringContaining('field "n" is mapped as long'),
    ]);
    // Elasticsearch agrees.
    const refused = await servers.elasticsearch.request("POST", `/${topic}/_doc`, documents[30]?.[1]);
    expect(refused.status).toBe(400);
  });

  test.concurrent("a data stream of Kafka Connect that was refused records: its failure store tells why", async () => {
    const name = `logs-${run}.stream-default`;
    const topic = `${run}-stream`;
    const template = {
      index_patterns: [name],
      data_stream: {},
      priority: 500,
      template: {
        data_stream_options: { failure_store: { enabled: true } },
        mappings: { properties: { n: { type: "long" } } },
      },
    };
    await servers.elasticsearch.demand("PUT", `/_index_template/${name}`, template);
    const value = (n: number): string => JSON.stringify({ n: n === 30 ? "thirty" : n, at: n });
    const documents = await fill(topic, 90, value, ({ partition, offset }, text, ms) => [
      `${topic}+${partition}+${offset}`,
      { ...parsed(text), "@timestamp": ms },
    ]);
    // Alone until the store's first index is there: what is refused before that is stored nowhere.
    const [id, refused] = documents[30] ?? [];
    await eventually("what is refused is stored", async () => {
      const path = `/${name}/_create/${encodeURIComponent(id ?? "")}`;
      return (await servers.elasticsearch.request("PUT", path, refused)).body["failure_store"] === "used";
    });
    await servers.elasticsearch.request("POST", `/${name}::failures/_refresh`);
    await index(
      name,
      documents.filter((_, n) => n !== 30),
    );
    const { missing, changed, causes, notes } = await against(topic, name);
    expect(missing).toEqual({ count: 1, at: [place(0, 10)] });
    expect(changed.count).toBe(0);
    expect(causes[0]?.cause).toContain('field "n" is mapped as long');
    expect(notes.join()).toContain(
      `Elasticsearch refused 1 document, which lies in the failure store of ${name}`,
    );
    expect(notes.join()).toContain("document_parsing_exception");
  });

  test.concurrent("an index that is closed beside an open one may hold what is missing", async () => {
    const topic = `${run}-closed`;
    const documents = await fill(topic, 90, (n) => `request ${n} served`, vector);
    await index(`${topic}-1`, documents.slice(0, 45));
    await index(`${topic}-2`, documents.slice(45));
    await servers.elasticsearch.request("POST", `/${topic}-1/_close`);
    const { missing, notes } = await against(topic, `${topic}-*`);
    expect(missing.count).toBe(45);
    expect(notes.join()).toContain(`1 index (${topic}-1) is closed: records may be there`);
    expect(String(await rejection(against(topic, `${topic}-1`)))).toContain(
      `is closed (${topic}-1): open it`,
    );
  });

  test.concurrent("rsyslog leaves no position: contents are compared, and what they cannot tell is said", async () => {
    const topic = `${run}-rsyslog`;
    const documents = await fill(
      topic,
      6_000,
      (n) => `request ${n} served`,
      (_, message) => [null, { "@timestamp": new Date().toISOString(), message: ` ${message}` }],
    );
    const changed = documents.map((one, n): Document =>
      n === 14 ? [null, { message: "request fourteen" }] : one,
    );
    await index(topic, [...changed.filter((_, n) => n !== 12 && n !== 13), ...documents.slice(180, 181)]);
    const found = await against(topic, topic);
    expect(found).toMatchObject({
      mode: "content",
      missing: { count: 3, at: [place(0, 4), place(1, 4), place(2, 4)] },
      doubled: { count: 1, at: [place(0, 60)] },
      changed: { count: 0, at: [] },
      unknown: { count: 1, at: [] },
      minutes: [{ minute: "2026-01-02T12:00:00.000Z", missing: 3, doubled: 1 }],
    });
    expect(found.notes.join()).toContain("a changed record cannot be told from a lost one");
  }, 240_000);

  test.concurrent("positions that the mapping does not let be searched: contents are compared", async () => {
    const topic = `${run}-unsearchable`;
    const documents = await fill(topic, 300, (n) => `request ${n} served`, vector);
    const mappings = { dynamic: false, properties: { message: { type: "text" } } };
    await servers.elasticsearch.request("PUT", `/${topic}`, { mappings });
    await index(topic, documents.slice(1));
    const found = await against(topic, topic);
    expect(found).toMatchObject({
      mode: "content",
      missing: { count: 1, at: [place(0, 0)] },
      doubled: { count: 0 },
    });
    expect(found.notes.join()).toContain("the mapping does not let them be searched");
  });

  test.concurrent("documents that are together too large for an answer are sampled and read a few at a time", async () => {
    const topic = `${run}-large`;
    const raw = "x".repeat(450_000);
    const documents = await fill(topic, 45, (n) => `request ${n} served`, vector);
    await servers.elasticsearch.request("PUT", `/${topic}`, {
      mappings: { properties: { raw: { type: "object", enabled: false } } },
    });
    await index(
      topic,
      documents.slice(1).map(([id, source]): Document => [id, { ...source, raw }]),
    );
    expect(await against(topic, topic)).toMatchObject({
      mode: "position",
      missing: { count: 1, at: [place(0, 0)] },
      changed: { count: 0 },
      compared: 44,
    });
  });

  test.concurrent("the command prints findings and exits with 1; clean with 0; a missing index is wrong usage", async () => {
    const topic = `${run}-command`;
    const documents = await fill(topic, 300, (n) => `request ${n} served`, vector);
    await index(topic, documents);
    const config = servers.config;
    const command = (...args: string[]) => runCommand("audit", config, args);
    const clean = await command("--against", topic, topic, "--json");
    expect(clean.code).toBe(0);
    expect(JSON.parse(clean.out)).toMatchObject({
      missing: { count: 0, at: [] },
      changed: { count: 0, at: [] },
    });

    const query = {
      bool: { filter: [{ term: { partition: 1 } }, { range: { offset: { gte: 5, lt: 8 } } }] },
    };
    const { body } = await servers.elasticsearch.request("POST", `/${topic}/_search`, { query });
    for (const { _id } of (body as { hits: { hits: { _id: string }[] } }).hits.hits)
      await servers.elasticsearch.request("DELETE", `/${topic}/_doc/${_id}?refresh=true`);
    const [json, text, missing, other, group] = await Promise.all([
      command("--against", topic, topic, "--json"),
      command("--against", topic, topic, "--position", "partition,offset"),
      command("--against", `${topic}-no`, topic),
      command("--against", topic, `${topic}-no`),
      command("--against", topic, topic, "--group", `${topic}-no`),
    ]);
    expect(json.code).toBe(1);
    expect(JSON.parse(json.out)).toMatchObject({
      missing: { count: 3, at: [place(1, 5, 7)] },
      doubled: { count: 0, at: [] },
      changed: { count: 0, at: [] },
      unknown: { count: 0, at: [] },
    });
    expect(text).toMatchObject({ code: 1 });
    expect(text.out).toContain("    partition 1: 5–7\n");
    expect(text.out).toEndWith("  3 records missing\n");
    expect(missing.code).toBe(2);
    expect(missing.error).toContain(`--against is "${topic}-no": Elasticsearch has no index`);
    expect(group.code).toBe(2);
    expect(group.error).toContain(`group "${topic}-no" has committed nothing for topic "${topic}"`);
    expect(other.code).toBe(1);
    expect(other.error).toContain(`topic "${topic}-no" does not exist in Kafka`);
  }, 240_000);
});

function place(partition: number, from: number, to = from) {
  return { partition, from, to };
}
