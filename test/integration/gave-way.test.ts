import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { FoundDocument } from "../support/elasticsearch.ts";
import { startTestHost, type TestHost } from "../support/host.ts";
import { uniqueName } from "../support/kafka.ts";
import { readAll } from "../support/read-topic.ts";
import { putFailureStoreTemplate } from "../support/refused.ts";
import { replayJson } from "../support/replay-command.ts";
import { useStack } from "../support/stack-clients.ts";

const run = uniqueName("gave-way");
const DEAD = `${run}.dead`;
const topicOf = (name: string): string => `${run}.${name}`;

const strictly = (properties: object) => ({
  mappings: {
    dynamic: "strict",
    properties: {
      "@timestamp": { type: "date" },
      message: { type: "text" },
      tags: { type: "keyword" },
      ...properties,
    },
  },
});
const ourFields = {
  kafka: {
    properties: { topic: { type: "keyword" }, partition: { type: "long" }, offset: { type: "long" } },
  },
};

interface Index {
  /** How it was made before the host started; null if by a template for data streams. */
  readonly made: object | null;
  readonly records: readonly string[];
  /** By record: its stored form; null for a dead letter, whose reason refers to its original form. */
  readonly forms: readonly ("own" | "flattened" | "text" | null)[];
  readonly reason?: string;
  readonly field: string;
  readonly format?: "text";
}

/** Indices that are not ours, and the values they refuse. */
const indices: Readonly<Record<string, Index>> = {
  "a number": {
    made: { mappings: { properties: { n: { type: "long" } } } },
    records: [
      '{"message":"a","n":1}',
      '{"message":"b","n":"x"}',
      '{"message":"c","n":{"deep":1}}',
      '{"message":"d","n":2}',
    ],
    forms: ["own", "flattened", "text", "own"],
    field: "n",
  },
  "objects within objects": {
    made: {
      mappings: {
        properties: { err: { type: "object" }, kafka: { properties: { value: { type: "flattened" } } } },
      },
    },
    records: ['{"err":{"code":1}}', '{"err":"gone"}', '{"err":["gone"]}', '{"user":"bob","user.id":1}'],
    forms: ["own", "flattened", "flattened", "flattened"],
    field: "err",
  },
  "a strict mapping": {
    made: strictly(ourFields),
    records: ['{"message":"a"}', '{"message":"b","extra":1}'],
    forms: ["own", "text"],
    field: "extra",
  },
  "a strict mapping without fields of ours": {
    made: strictly({}),
    records: ['{"message":"a"}'],
    forms: [null],
    reason: "dynamic introduction of [kafka] within [_doc]",
    field: "kafka",
  },
  "a message that is a number": {
    made: { mappings: { dynamic: false, properties: { message: { type: "long" } } } },
    records: ['{"message":7,"n":1}', '{"message":"seven"}'],
    forms: ["own", null],
    reason: "failed to parse field [message] of type [long]",
    field: "message",
  },
  "lines of text, a message that is a number": {
    made: { mappings: { properties: { message: { type: "long" } } } },
    records: ["7", "seven"],
    forms: ["own", null],
    reason: "failed to parse field [message] of type [long]",
    field: "message",
    format: "text",
  },
  "too few fields": {
    made: {
      settings: { "index.mapping.total_fields.limit": 20 },
      mappings: {
        properties: {
          kafka: {
            properties: {
              value: { type: "flattened" },
              value_base64: { type: "keyword" },
              refused: { type: "keyword" },
            },
          },
        },
      },
    },
    records: [
      '{"message":"a"}',
      `{"message":"b",${Array.from({ length: 30 }, (_, n) => `"f${n}":${n}`).join()}}`,
    ],
    forms: ["own", "flattened"],
    field: "none",
  },
  "a data stream": {
    made: null,
    records: ['{"n":1}', '{"n":"x"}', '{"n":2}'],
    forms: ["own", "flattened", "own"],
    field: "n",
  },
};
const names = Object.keys(indices);
const nameOf = (name: string): string => topicOf(name.replaceAll(/\W+/g, "-"));

describe("values that a mapping refuses", () => {
  const servers = useStack();
  let host: TestHost;
  const declined = topicOf("declined");
  const piped = topicOf("piped");
  const config = (rejected: string) => ({
    ...servers.config,
    deadLetters: { topic: DEAD },
    topics: [
      ...names.map((name) => ({ topic: nameOf(name), format: indices[name]?.format ?? "json" })),
      { topic: declined, format: "json", rejected },
      { topic: piped, format: "json", pipeline: piped },
    ],
  });

  beforeAll(async () => {
    const { elasticsearch } = servers;
    await Promise.all(
      [...names.map(nameOf), declined, piped].map((topic) => servers.kafka.createTopic(topic)),
    );
    for (const name of names) {
      const made = indices[name]?.made ?? null;
      if (made !== null) await elasticsearch.demand("PUT", `/${nameOf(name)}`, made);
    }
    await elasticsearch.demand("PUT", `/${declined}`, { mappings: { properties: { n: { type: "long" } } } });
    await elasticsearch.demand("PUT", `/_ingest/pipeline/${piped}`, { processors: [] });
    await putFailureStoreTemplate(elasticsearch, run, { pattern: nameOf("a data stream"), field: "n" });
    host = await startTestHost(config("dead-letter"));
  }, 240_000);
  afterAll(async () => {
    await host?.[Symbol.asyncDispose]();
    await servers?.elasticsearch.request("DELETE", `/_ingest/pipeline/${piped}`);
  }, 240_000);

  const produce = (topic: string, values: readonly string[]): Promise<void> =>
    servers.kafka.produce(
      topic,
      values.map((value) => ({ value })),
    );
  const untilEnded = (topic: string, records: number) =>
    host.untilTopic(
      topic,
      `${records} records have an outcome`,
      ({ partitions }) => partitions[0]?.committed === records,
      30_000,
    );

  /** By offset: the stored form of a record. */
  async function formsOf(topic: string): Promise<Map<number, string>> {
    await servers.elasticsearch.request("POST", `/${topic}/_refresh`);
    // Unsorted: not all of these indices have a field to sort by.
    const { body } = await servers.elasticsearch.request("POST", `/${topic}/_search`, { size: 1_000 });
    const { hits } = body as { hits: { hits: FoundDocument[] } };
    return new Map(
      hits.hits.map(({ _source: { kafka, tags } }) => {
        const told = JSON.stringify(tags ?? []);
        const form = told.includes("fields_as_text")
          ? "text"
          : told.includes("fields_flattened")
            ? "flattened"
            : "own";
        return [(kafka as { offset: number }).offset, form];
      }),
    );
  }

  /** The reasons in its letters. */
  async function reasonsOf(topic: string): Promise<string[]> {
    const letters = await readAll(servers.kafka, DEAD);
    return letters
      .map(({ headers }) => new Map(headers.map((header) => [header.name, String(header.value)])))
      .filter((about) => about.get("penstock.topic") === topic)
      .map((about) => about.get("penstock.error.reason") ?? "");
  }

  test.each(names)(
    "%s",
    async (name) => {
      const index = indices[name];
      if (index === undefined) throw new Error(name);
      const { records, forms, reason, field } = index;
      const topic = nameOf(name);
      const begunMs = performance.now();
      // One after another: each record meets the mapping that the earlier ones left.
      for (const [at, record] of records.entries()) {
        await produce(topic, [record]);
        await untilEnded(topic, at + 1);
      }
      const found = await formsOf(topic);
      expect(records.map((_, at) => found.get(at) ?? null)).toEqual([...forms]);
      const letters = forms.filter((form) => form === null).length;
      const otherwise = forms.filter((form) => form === "flattened" || form === "text").length;
      const { gaveWay } = await untilEnded(topic, records.length);
      if (letters > 0) expect(await reasonsOf(topic)).toEqual([expect.stringContaining(reason ?? "")]);
      if (otherwise === 0) return expect(gaveWay).toEqual({});
      expect(Object.values(gaveWay).reduce((a, b) => a + b, 0)).toBe(otherwise);
      expect(Object.keys(gaveWay)).toContain(field);
      const metrics = await (await host.fetch("/metrics")).text();
      expect(metrics).toContain(
        `penstock_fields_gave_way_total{topic="${topic}",field="${field}"} ${gaveWay[field]}\n`,
      );
      const told = field === "none" ? "no field named" : `field ${field}`;
      const lines = host.log().filter((line) => line["topic"] === topic && line["reason"] === told);
      // One in 30 s.
      expect(lines.length).toBeWithin(1, 2 + (performance.now() - begunMs) / 30_000);
    },
    240_000,
  );

  test("one of many is found even if a pipeline is in use and the request is refused as a whole", async () => {
    const good = Array.from({ length: 20 }, (_, n) => `{"message":"good ${n}","n":${n}}`);
    // Nested too deeply for Elasticsearch's parser, so no pipeline can read it.
    const deep = `{"message":"odd","a":${"[".repeat(1_200)}${"]".repeat(1_200)}}`;
    await produce(piped, [...good, deep, ...good]);
    const { counts } = await untilEnded(piped, 41);
    expect(counts.deadLettered).toBe(0);
    const found = await formsOf(piped);
    expect(found.size).toBe(41);
    expect(found.get(20)).toBe("flattened");
    expect([...found.values()].filter((form) => form !== "own")).toHaveLength(1);
  }, 240_000);

  test("a dead letter at once if so declared; a replay follows the current declaration", async () => {
    await produce(declined, ['{"n":1}', '{"n":"x"}']);
    await untilEnded(declined, 2);
    expect(await formsOf(declined)).toEqual(new Map([[0, "own"]]));
    const again = await replayJson(config("dead-letter"), "--topic", declined);
    expect(again.result).toMatchObject({ indexed: 0, stillRejected: 1 });
    const { result } = await replayJson(config("flatten"), "--topic", declined);
    expect(result).toMatchObject({ indexed: 1, stillRejected: 0 });
    expect(await formsOf(declined)).toEqual(
      new Map([
        [0, "own"],
        [1, "flattened"],
      ]),
    );
  }, 240_000);
});
