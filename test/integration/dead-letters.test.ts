import { describe, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { CompressionTypes, ConfigResourceTypes } from "kafkajs";
import type { SourceRecord } from "../../lib/rules/model/record.ts";
import { createDeadLetters } from "../../lib/adapters/kafka/client/dead-letters.ts";
import { deadLetterOf } from "../../lib/rules/dead-letters/dead-letter.ts";
import { startTestHost } from "../support/host.ts";
import { uniqueName } from "../support/kafka.ts";
import { kafkaEvent } from "../support/kafka-event.ts";
import { readTopic } from "../support/read-topic.ts";
import { makeIndexOfNumbers, unforgiving } from "../support/refused.ts";
import { createMemoryLogger } from "../support/memory-logger.ts";
import { kafkaSettings } from "../support/settings.ts";
import { sourceRecord } from "../support/records.ts";
import { rejection } from "../support/rejection.ts";
import { replayJson } from "../support/replay-command.ts";
import { useStack } from "../support/stack-clients.ts";

describe("dead letters", () => {
  const servers = useStack();

  /** The config of a host with its own dead-letter topic. */
  function configFor(...topics: object[]) {
    const deadLetters = { topic: uniqueName("dead") };
    return { ...servers.config, deadLetters, topics };
  }

  /** The `penstock.*` headers, without that prefix, and the record's own headers. */
  function split({ headers }: SourceRecord) {
    const isOurs = (name: string) => name.startsWith("penstock.");
    const about = headers.filter(({ name }) => isOurs(name)).map(({ name, value }) => [name, String(value)]);
    return {
      about: Object.fromEntries(about) as Record<string, string>,
      own: headers.filter(({ name }) => !isOurs(name)),
    };
  }

  test("a mapping conflict keeps key, value and headers unchanged and in order, and the partition continues", async () => {
    const topic = uniqueName("conflict");
    const config = configFor({ topic, ...unforgiving });
    await servers.kafka.createTopic(topic);
    await makeIndexOfNumbers(servers.elasticsearch, topic);
    // From the day before today, which Kafka's retention keeps.
    const startedAt = Date.now();
    const timestamp = String(startedAt - 86_400_000);
    const poison = [
      { key: Buffer.from([0, 0xff, 1]), value: Buffer.from('{"n":"one"}'), headers: [], timestamp },
      {
        key: null,
        value: Buffer.from(' {"n":\n"two"}\r\n'),
        headers: [
          { key: "twice", value: Buffer.from([0xfe]) },
          { key: "none", value: null },
          { key: "1", value: Buffer.from("") },
          { key: "twice", value: Buffer.from("second") },
          { key: "__proto__", value: Buffer.from("p") },
          { key: "penstock.topic", value: Buffer.from("an older letter's") },
        ],
        timestamp,
      },
      { key: Buffer.from(""), value: Buffer.from('{"n":{"three":3}}'), headers: [], timestamp },
    ];
    const good = (n: number) => ({ value: `{"n":${n}}`, timestamp });
    await servers.kafka.produce(topic, [
      good(0),
      ...poison.slice(0, 2),
      good(3),
      ...poison.slice(2),
      good(5),
    ]);

    await using host = await startTestHost(config);
    const status = await host.untilCaughtUp(topic, 1);
    expect(status).toMatchObject({ state: "running", reason: null, counts: { skipped: 0 } });
    const numbers = (await servers.elasticsearch.documents(topic)).map(({ _source }) => _source["n"]);
    expect(numbers).toEqual([0, 3, 5]);

    const letters = await readTopic(servers.kafka.brokers, config.deadLetters.topic, 3);
    expect(letters.map(({ key, value }) => ({ key, value }))).toEqual(
      poison.map(({ key, value }) => ({ key, value })),
    );
    const asRead = poison[1]?.headers.map(({ key, value }) => ({ name: key, value })) ?? [];
    expect(letters.map((letter) => letter.headers.slice(0, -10))).toEqual([[], asRead, []]);
    for (const [n, letter] of letters.entries()) {
      const { about } = split(letter);
      expect(about).toEqual({
        "penstock.topic": topic,
        "penstock.partition": "0",
        "penstock.offset": ["1", "2", "4"][n] ?? "",
        "penstock.timestamp": timestamp,
        "penstock.index": topic,
        "penstock.status": "400",
        "penstock.error.type": "document_parsing_exception",
        "penstock.error.reason": expect.stringContaining("failed to parse field [n] of type [long]"),
        "penstock.attempts": "1",
        "penstock.failed-at": expect.stringMatching(/^20\d\d-\d\d-\d\dT[\d:.]+Z$/),
      });
      // A letter's own timestamp is when it was written.
      expect(letter.timestamp).toBeWithin(startedAt, Date.now() + 1);
    }
  }, 240_000);

  test("the dead-letter topic is created with the first letter, and keeps letters up to 16 MB forever", async () => {
    const topic = uniqueName("made");
    const config = configFor({ topic, ...unforgiving });
    await servers.kafka.createTopic(topic);
    await makeIndexOfNumbers(servers.elasticsearch, topic);
    const { admin } = servers.kafka;
    await using host = await startTestHost(config);
    await servers.kafka.produce(topic, [{ value: '{"n":1}' }]);
    await host.untilIndexed(topic, 1);
    expect(await admin.listTopics()).not.toContain(config.deadLetters.topic);

    await servers.kafka.produce(topic, [{ value: '{"n":"x"}' }]);
    await host.untilTopic(topic, "has a dead letter", ({ counts }) => counts.deadLettered === 1);
    const { resources } = await admin.describeConfigs({
      includeSynonyms: false,
      resources: [{ type: ConfigResourceTypes.TOPIC, name: config.deadLetters.topic }],
    });
    const values = new Map(
      resources[0]?.configEntries.map(({ configName, configValue }) => [configName, configValue]),
    );
    expect(values.get("retention.ms")).toBe("-1");
    expect(values.get("max.message.bytes")).toBe(String(16 * 1024 * 1024));
  }, 240_000);

  test("a timestamp out of range becomes a dead letter, never a wrong document", async () => {
    const topic = uniqueName("time");
    const config = configFor({ topic, index: `${topic}-{yyyy.MM.dd}` });
    // By default, a broker refuses records from the future.
    await servers.kafka.createTopic(topic, 1, { "message.timestamp.after.max.ms": "9223372036854775807" });
    const times = ["253402300799999", "253402300800000", "8640000000000001", "0"];
    for (const timestamp of times) await servers.kafka.produce(topic, [{ value: timestamp, timestamp }]);

    await using host = await startTestHost(config);
    await host.untilTopic(topic, "has all four", ({ partitions }) => partitions[0]?.committed === 4);
    const found = await servers.elasticsearch.documents(`${topic}-*`);
    expect(found.map(({ _source }) => _source["message"])).toEqual(["253402300799999", "0"]);
    const letters = await readTopic(servers.kafka.brokers, config.deadLetters.topic, 2);
    // Batches are sent in parallel, so letters of several come in any order.
    const types = new Map(
      letters.map((letter) => [String(letter.value), split(letter).about["penstock.error.type"]]),
    );
    expect(types).toEqual(
      new Map([
        ["253402300800000", "invalid_timestamp"],
        ["8640000000000001", "invalid_timestamp"],
      ]),
    );
  }, 240_000);

  test("a letter too large even without its value loses key and headers, the partition continues, and replay restores it whole", async () => {
    const topic = uniqueName("letter");
    const config = configFor({ topic, ...unforgiving });
    await servers.kafka.createTopic(topic);
    // Kafka's default, as for a topic created by someone else: 1 MB.
    await servers.kafka.createTopic(config.deadLetters.topic);
    await makeIndexOfNumbers(servers.elasticsearch, topic);
    const bad = (n: number) => Buffer.from(`{"n":"bad ${n}"}`);
    const noise = randomBytes(1_048_300);
    const ofZeros = {
      value: bad(0),
      headers: [{ key: "h", value: Buffer.alloc(17 * 1024 * 1024) }] as never,
    };
    await servers.kafka.produce(topic, [ofZeros], CompressionTypes.GZIP);
    await servers.kafka.produce(topic, [{ value: bad(1), headers: [{ key: "h", value: noise }] as never }]);
    await servers.kafka.produce(topic, [{ partition: 0, value: bad(2), key: noise }]);
    await servers.kafka.produce(topic, [{ value: '{"n":3}' }]);

    {
      await using host = await startTestHost(config);
      await host.untilTopic(topic, "has passed", ({ partitions }) => partitions[0]?.committed === 4);
      const unread = sourceRecord("", { offset: 9, value: bad(9), key: noise });
      const answer = await host.fetch("/ingest", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(kafkaEvent([{ topic, record: unread }])),
      });
      expect(await answer.json()).toMatchObject({ batchItemFailures: [], counts: { deadLettered: 1 } });
    }
    const letters = await readTopic(servers.kafka.brokers, config.deadLetters.topic, 4);
    for (const letter of letters) {
      const { about, own } = split(letter);
      expect({ own, key: letter.key, value: letter.value }).toEqual({ own: [], key: null, value: null });
      expect(about).toMatchObject({
        "penstock.value": "omitted",
        "penstock.key": "omitted",
        "penstock.headers": "omitted",
      });
    }
    expect(new Set(letters.map((letter) => split(letter).about["penstock.offset"]))).toEqual(
      new Set(["0", "1", "2", "9"]),
    );

    const elsewhere = `${topic}-mended`;
    const { result } = await replayJson(config, "--index", elsewhere);
    // Only the event contained the last one.
    expect(result).toMatchObject({ indexed: 2, stillRejected: 1, unrecoverable: 1 });
    const found = (await servers.elasticsearch.documents(elsewhere)).map(({ _source }) => {
      const { key, headers } = _source["kafka"] as { key?: string; headers?: Record<string, string> };
      return { n: _source["n"], key: key?.length ?? 0, header: headers?.["h"]?.length ?? 0 };
    });
    const text = noise.toString().length;
    expect(found).toEqual([
      { n: "bad 1", key: 0, header: text },
      { n: "bad 2", key: text, header: 0 },
    ]);
  }, 240_000);

  test("a dead-letter topic that refuses even a bare letter is named, with the setting to change", async () => {
    const topic = uniqueName("narrow");
    await servers.kafka.createTopic(topic, 1, { "max.message.bytes": "100" });
    const kafka = kafkaSettings({ brokers: servers.config.kafka.brokers });
    const letters = createDeadLetters(kafka, topic, createMemoryLogger());
    const why = { status: 400, type: "t", reason: "r", index: "i" };
    const letter = deadLetterOf({
      topic: "t",
      record: sourceRecord("v"),
      rejection: why,
      attempts: 1,
      failedAt: 0,
    });
    try {
      expect(await rejection(letters.store([letter], new AbortController().signal))).toMatchObject({
        code: "kafka_refused",
        message: `"${topic}" refuses even a letter without key, value and headers: its max.message.bytes is too small`,
      });
    } finally {
      await letters.close();
    }
  }, 240_000);

  test("a cancelled letter is not written, but the others are", async () => {
    const topic = uniqueName("called-off");
    await servers.kafka.createTopic(topic);
    const kafka = kafkaSettings({ brokers: servers.config.kafka.brokers });
    const letters = createDeadLetters(kafka, topic, createMemoryLogger());
    const letterOf = (value: string) =>
      deadLetterOf({
        topic: "t",
        record: sourceRecord(value),
        rejection: { status: 400, type: "t", reason: "r", index: "i" },
        attempts: 1,
        failedAt: 0,
      });
    const { signal } = new AbortController();
    try {
      await letters.store([letterOf("before")], signal);
      const reason = new Error("the topic was closed");
      const calledOff = rejection(letters.store([letterOf("called off")], AbortSignal.abort(reason)));
      const others = letters.store([letterOf("another's")], signal);
      expect(await calledOff).toBe(reason);
      await others;
      const kept = await readTopic(servers.kafka.brokers, topic, 2);
      expect(kept.map(({ value }) => String(value))).toEqual(["before", "another's"]);
    } finally {
      await letters.close();
    }
  }, 240_000);

  test("one poison record among many good ones, in every partition (kafka-connect-elasticsearch#157, kafka-connect-elasticsearch#694)", async () => {
    const topic = uniqueName("poison");
    const config = configFor({ topic, ...unforgiving });
    await servers.kafka.createTopic(topic, 3);
    await makeIndexOfNumbers(servers.elasticsearch, topic);
    const messages = [0, 1, 2].flatMap((partition) =>
      Array.from({ length: 1_000 }, (_, n) => ({ partition, value: `{"n":${n === 500 ? '"poison"' : n}}` })),
    );
    await servers.kafka.produce(topic, messages);

    await using host = await startTestHost(config);
    const { counts } = await host.untilCaughtUp(topic, 3);
    expect(counts.deadLettered).toBeGreaterThanOrEqual(3);
    expect(await servers.elasticsearch.count(topic)).toBe(2_997);
    expect(await servers.kafka.committed(servers.config.kafka.group, topic)).toEqual(
      await servers.kafka.ends(topic),
    );
    const letters = await readTopic(servers.kafka.brokers, config.deadLetters.topic, 3);
    const places = letters.map((letter) => split(letter).about);
    expect(new Set(places.map((about) => about["penstock.partition"]))).toEqual(new Set(["0", "1", "2"]));
    expect(places.map((about) => about["penstock.offset"])).toEqual(["500", "500", "500"]);
    const metrics = await (await host.fetch("/metrics")).text();
    expect(metrics).toContain(
      `penstock_documents_total{topic="${topic}",outcome="dead-lettered"} ${counts.deadLettered}`,
    );
  }, 240_000);

  test("a pattern does not cover the dead-letter topic", async () => {
    const run = uniqueName("circle");
    const config = {
      ...configFor({ pattern: `${run}*`, ...unforgiving }),
      deadLetters: { topic: `${run}.dead` },
    };
    const topic = `${run}.source`;
    await servers.kafka.createTopic(topic);
    await makeIndexOfNumbers(servers.elasticsearch, topic);
    await servers.kafka.produce(topic, [{ value: '{"n":"x"}' }]);
    await using host = await startTestHost(config);
    await host.untilTopic(topic, "has a dead letter", ({ counts }) => counts.deadLettered === 1);
    const answer = (await (await host.fetch("/reconcile", { method: "POST" })).json()) as {
      plan: { keep: { topic: string }[]; start: unknown[] };
    };
    expect(answer.plan.keep.map((entry) => entry.topic)).toEqual([topic]);
    expect(answer.plan.start).toEqual([]);
  }, 240_000);
});
