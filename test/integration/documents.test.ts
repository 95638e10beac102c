import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { CompressionTypes, type Message } from "kafkajs";
import type { FoundDocument } from "../support/elasticsearch.ts";
import { startTestHost, type TestHost } from "../support/host.ts";
import { produceWithJava } from "../support/java-producer.ts";
import { uniqueName } from "../support/kafka.ts";
import { useStack } from "../support/stack-clients.ts";

const run = uniqueName("doc");
const javaCodecs = ["gzip", "snappy", "lz4", "zstd"] as const;
const codecs = ["None", "GZIP", "Snappy", "LZ4", "ZSTD"] as const;
/** 2026-01-02T03:04:05.678Z */
const recordTime = Date.UTC(2026, 0, 2, 3, 4, 5, 678);

const settings: Record<string, object> = {
  text: { path: "/var/log/app.log" },
  json: { format: "json", path: "/var/log/app.json" },
  event: { format: "json", timestamp: "event.at", index: `${run}-event-{yyyy.MM.dd}` },
  shapes: { format: "json", timestamp: ["time", "ts"] },
  older: { format: "json" },
  strict: {},
  dated: { index: `${run}-{yyyy.MM.dd}-dated` },
  sizes: {},
  tiny: {},
  ...Object.fromEntries(codecs.map((codec) => [`kafkajs-${codec.toLowerCase()}`, {}])),
  ...Object.fromEntries(javaCodecs.map((codec) => [`java-${codec}`, {}])),
};
const topicOf = (name: string): string => `${run}.${name}`;

/** The template of version 2. */
const keyword = { type: "keyword", ignore_above: 1024 };
const olderMapping = {
  date_detection: false,
  dynamic_templates: [{ strings: { match_mapping_type: "string", mapping: keyword } }],
  properties: {
    "@timestamp": { type: "date" },
    message: { type: "text", norms: false, fields: { keyword } },
    tags: keyword,
    kafka: {
      properties: {
        topic: keyword,
        partition: { type: "integer" },
        offset: { type: "long" },
        key: keyword,
        key_base64: keyword,
        headers: { type: "flattened", ignore_above: 1024 },
        value: { type: "flattened", ignore_above: 1024, depth_limit: 20 },
        value_base64: { type: "keyword", index: false, doc_values: false },
      },
    },
  },
};
/** All fields that a document of a text record had before levels were detected. */
const strictProperties = {
  "@timestamp": { type: "date" },
  message: { type: "text" },
  tags: { type: "keyword" },
  kafka: { properties: { topic: keyword, partition: { type: "integer" }, offset: { type: "long" } } },
};

/** Without the fields common to all documents. */
function ownPart(source: FoundDocument["_source"]): object {
  return Object.fromEntries(
    Object.entries(source).filter(([name]) => name !== "@timestamp" && name !== "kafka"),
  );
}

/** Typical and odd records of loggers and agents, with their documents' fields apart from `@timestamp` and `kafka`. */
const shapes: readonly (readonly [value: string, document: object])[] = [
  ['{"level":30,"msg":"pino"}', { level: 30, msg: "pino", message: "pino", log: { level: "info" } }],
  [
    '{"log":"10:00:00 [WARN] docker\\n","stream":"stdout"}',
    { message: "10:00:00 [WARN] docker", stream: "stdout", log: { level: "warn" } },
  ],
  [
    '{"log":"{\\"msg\\":\\"inner\\",\\"stream\\":1}\\n","stream":"stderr"}',
    { message: "inner", msg: "inner", stream: "stderr", json: { stream: 1 }, tags: ["json_field_renamed"] },
  ],
  [
    '{"message":{"code":4},"message":"second","a":{"b":1,"b":2}}',
    { message: "second", a: { b: 2 }, json: { message: { code: 4 }, "a.b": 1 }, tags: ["json_name_doubled"] },
  ],
  [
    '{"message":"m","":1,"a":{" ":2,"x\\u0000":3}}',
    { message: "m", _: 1, a: { _: 2, "x\uFFFD": 3 }, tags: ["json_name_replaced"] },
  ],
  ['{"message":"m","_id":"own"}', { message: "m", json: { _id: "own" }, tags: ["json_field_renamed"] }],
  ['\uFEFF{"message":"marked"}\0', { message: "marked" }],
  ["\uFEFFplain\r", { message: "\uFEFFplain", tags: ["json_parse_failure", "carriage_return_removed"] }],
];

describe("documents of real records", () => {
  const servers = useStack();
  let host: TestHost;

  beforeAll(async () => {
    await Promise.all(Object.keys(settings).map((name) => servers.kafka.createTopic(topicOf(name))));
    // Before the host makes the template cover them.
    await createIndex("older", olderMapping);
    await createIndex("strict", { dynamic: "strict", properties: strictProperties });
    host = await startTestHost({
      ...servers.config,
      topics: Object.entries(settings).map(([name, own]) => Object.assign({ topic: topicOf(name) }, own)),
    });
  }, 240_000);
  afterAll(() => host[Symbol.asyncDispose]());

  async function createIndex(name: string, mappings: object): Promise<void> {
    await servers.elasticsearch.demand("PUT", `/${topicOf(name)}`, { mappings });
  }

  /** Waits until this many records have an outcome and are committed; then returns the topic's documents. */
  async function documentsOf(name: string, records: number, index = topicOf(name)): Promise<FoundDocument[]> {
    await host.untilTopic(
      topicOf(name),
      `${records} records have an outcome`,
      ({ counts, partitions }) =>
        counts.indexed + counts.duplicate + counts.skipped + counts.deadLettered === records &&
        partitions.every(({ lag }) => lag === 0),
    );
    return servers.elasticsearch.documents(index);
  }

  async function moved(name: string, messages: Message[], index?: string): Promise<FoundDocument[]> {
    const dated = messages.map((message) => ({ timestamp: String(recordTime), ...message }));
    await servers.kafka.produce(topicOf(name), dated);
    return documentsOf(name, messages.length, index);
  }

  test("text: bytes, keys, headers, null and empty values", async () => {
    const notUtf8 = Buffer.from([0x61, 0xff, 0xfe, 0x62]);
    const headers = [
      { key: "trace", value: Buffer.from("t-1") },
      { key: "absent", value: null },
      { key: "twice", value: Buffer.from("first") },
      { key: "constructor", value: Buffer.from("c") },
      { key: "__proto__", value: Buffer.from("p") },
      { key: "twice", value: null },
      { key: "dotted.name", value: Buffer.from("d") },
    ];
    const found = await moved("text", [
      { value: 'a line with "quotes", \t tabs, \u0000 NUL, \u2028 and \u{1F30A}' },
      { value: notUtf8 },
      { key: "ключ", value: "keyed" },
      { key: Buffer.from([0xff]), value: "key that is not UTF-8" },
      { value: "headers", headers },
      { key: "tombstone", value: null },
      { value: "" },
      { key: "", value: "two\nlines\r\n" },
    ]);
    const own = { "@timestamp": "2026-01-02T03:04:05.678Z", log: { file: { path: "/var/log/app.log" } } };
    const kafka = { topic: topicOf("text"), partition: 0 };
    expect(found.map(({ _source }) => _source)).toEqual([
      {
        ...own,
        message: 'a line with "quotes", \t tabs, \u0000 NUL, \u2028 and \u{1F30A}',
        kafka: { ...kafka, offset: 0 },
      },
      {
        ...own,
        message: "a\uFFFD\uFFFDb",
        kafka: { ...kafka, offset: 1 },
        event: { original: notUtf8.toString("base64") },
        tags: ["invalid_utf8"],
      },
      { ...own, message: "keyed", kafka: { ...kafka, offset: 2, key: "ключ" } },
      {
        ...own,
        message: "key that is not UTF-8",
        kafka: { ...kafka, offset: 3, key: "\uFFFD", key_base64: "/w==" },
        tags: ["invalid_utf8"],
      },
      {
        ...own,
        message: "headers",
        kafka: {
          ...kafka,
          offset: 4,
          headers: JSON.parse(
            '{"trace":"t-1","absent":null,"twice":["first",null],"constructor":"c","__proto__":"p","dotted.name":"d"}',
          ),
        },
      },
      { ...own, message: "", kafka: { ...kafka, offset: 6 } },
      { ...own, message: "two\nlines\r\n", kafka: { ...kafka, offset: 7, key: "" } },
    ]);
    const [first] = found;
    expect(first?._id).toBe(`${topicOf("text")}:0:0:${recordTime.toString(36)}`);
    const status = await host.untilTopic(topicOf("text"), "is there", () => true);
    expect(status.counts).toEqual({ indexed: 7, duplicate: 0, deadLettered: 0, skipped: 1 });
  }, 240_000);

  test("json: own fields stay, numbers keep their digits, anything but an object is text", async () => {
    const digits = '{"level":"info","id":9223372036854775807,"exact":0.1000000000000000055511151231257827}';
    const found = await moved("json", [
      { value: digits },
      { value: '{"message":"own","kafka":"mine","log":"text","tags":7,"@timestamp":"then"}' },
      { value: "not json" },
      { value: "[1,2]" },
      { value: '{"multi":\n"line"\r\n}' },
      { value: '{"log":{"level":"warn"},"tags":["own"],"__proto__":{"a":"b"}}' },
    ]);
    expect(found.map(({ _source }) => [_source["tags"] ?? null, _source["message"] ?? null])).toEqual([
      [null, null],
      [["json_field_renamed"], "own"],
      [["json_parse_failure"], "not json"],
      [["json_parse_failure"], "[1,2]"],
      [null, null],
      [["own"], null],
    ]);
    expect(found[1]?._source).toMatchObject({
      json: { kafka: "mine", log: "text", tags: 7, "@timestamp": "then" },
      kafka: { offset: 1 },
      log: { file: { path: "/var/log/app.json" } },
    });
    expect(found[5]?._source["log"]).toEqual({ level: "warn", file: { path: "/var/log/app.json" } });
    const url = new URL(`/${topicOf("json")}/_doc/${found[0]?._id}`, servers.addresses.elasticsearchNode);
    expect(await (await fetch(url)).text()).toContain(digits.slice(1, -1));
  }, 240_000);

  test.each(["shapes", "older"])(
    "what loggers and agents write is a document: %s",
    async (name) => {
      const found = await moved(
        name,
        shapes.map(([value]) => ({ value })),
      );
      const absent = name === "shapes" ? ["timestamp_absent"] : [];
      expect(found.map(({ _source }) => ownPart(_source))).toEqual(
        shapes.map(([, document]) => {
          const { tags = [], ...fields } = document as { tags?: string[] };
          const [first, ...others] = tags;
          const all = first === "json_parse_failure" ? [first, ...absent, ...others] : [...absent, ...tags];
          return all.length === 0 ? fields : { ...fields, tags: all };
        }),
      );
    },
    240_000,
  );

  test.each(["shapes", "older"])(
    "numbers of any size cost no record: %s",
    async (name) => {
      const digits = ["12345678901234567890", "1e400", "9".repeat(1_000), "9".repeat(2_000)];
      await servers.kafka.produce(
        topicOf(name),
        digits.map((number) => ({ value: `{"message":"numbers","n":${number}}` })),
      );
      const found = await documentsOf(name, shapes.length + digits.length);
      expect(found).toHaveLength(shapes.length + digits.length);
      const url = `${servers.addresses.elasticsearchNode}/${topicOf(name)}/_search?size=50&q=message:numbers`;
      const sources = await (await fetch(url)).text();
      for (const number of digits) expect(sources).toMatch(new RegExp(`"n":"?${number}[",}]`));
    },
    240_000,
  );

  test("a strict mapping without a level field still accepts a text", async () => {
    const found = await moved("strict", [{ value: "ERROR: gone" }, { value: "no level" }]);
    expect(found.map(({ _source }) => ownPart(_source))).toEqual([
      { message: "ERROR: gone", tags: ["fields_as_text"] },
      { message: "no level" },
    ]);
  }, 240_000);

  test("a declared timestamp field becomes @timestamp and chooses the index; _id keeps the record's", async () => {
    const found = await moved(
      "event",
      [
        { value: '{"event":{"at":"2020-02-29T23:59:59.999+00:00"}}' },
        { value: '{"event":{"at":1600000000123}}' },
        { value: '{"event":{"at":"yesterday"}}' },
        { value: "{}" },
      ],
      `${run}-event-*`,
    );
    expect(
      found.map(({ _index, _source }) => [_index, _source["@timestamp"], _source["tags"] ?? null]),
    ).toEqual([
      [`${run}-event-2020.02.29`, "2020-02-29T23:59:59.999Z", null],
      [`${run}-event-2020.09.13`, "2020-09-13T12:26:40.123Z", null],
      [`${run}-event-2026.01.02`, "2026-01-02T03:04:05.678Z", ["timestamp_parse_failure"]],
      [`${run}-event-2026.01.02`, "2026-01-02T03:04:05.678Z", ["timestamp_absent"]],
    ]);
    expect(found.map(({ _id }) => _id.split(":")[3])).toEqual(Array(4).fill(recordTime.toString(36)));
  }, 240_000);

  test("a dated index is the UTC day of the record", async () => {
    const times = [0, Date.UTC(2024, 1, 29, 23, 59, 59, 999), Date.UTC(2024, 2, 1)];
    const messages = times.map((time) => ({ value: "x", timestamp: String(time) }));
    const found = await moved("dated", messages, `${run}-*-dated`);
    expect(found.map(({ _index }) => _index)).toEqual([
      `${run}-1970.01.01-dated`,
      `${run}-2024.02.29-dated`,
      `${run}-2024.03.01-dated`,
    ]);
  }, 240_000);

  test("a record of almost 1 MiB, and 2,000 tiny ones in one batch", async () => {
    const big = "x".repeat(1_048_576 - 200);
    const [document] = await moved("sizes", [{ value: big }]);
    expect(document?._source["message"]).toBe(big);
    const tiny = Array.from({ length: 2_000 }, (_, n) => ({ value: String(n) }));
    const found = await moved("tiny", tiny);
    expect(found.map(({ _source }) => _source["message"])).toEqual(tiny.map(({ value }) => value));
  }, 240_000);

  test.each([...codecs])(
    "kafkajs' producer, compression %s",
    async (codec) => {
      const name = `kafkajs-${codec.toLowerCase()}`;
      const messages = Array.from({ length: 300 }, (_, n) => ({ value: `line ${n} of ${codec}` }));
      await servers.kafka.produce(topicOf(name), messages, CompressionTypes[codec]);
      const found = await documentsOf(name, 300);
      expect(found.map(({ _source }) => _source["message"])).toEqual(messages.map(({ value }) => value));
    },
    240_000,
  );

  test("Java's producer, every compression", async () => {
    const { brokers } = servers.addresses;
    await produceWithJava(
      brokers,
      300,
      new Map(javaCodecs.map((codec) => [topicOf(`java-${codec}`), codec])),
    );
    for (const codec of javaCodecs) {
      const found = await documentsOf(`java-${codec}`, 300);
      const lines = Array.from({ length: 300 }, (_, n) => `line ${n} of ${codec}`);
      expect(found.map(({ _source }) => _source["message"])).toEqual(lines);
    }
  }, 240_000);
});
