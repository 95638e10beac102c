import { describe, expect, test } from "bun:test";
import { Etcd3 } from "etcd3";
import type { ReplayJob } from "../../infra/api/letters/dead-letters.ts";
import { deadLetterOf, withoutValue, type DeadLetter } from "../../lib/rules/dead-letters/dead-letter.ts";
import { createDocumentEncoder } from "../../lib/rules/documents/document.ts";
import { documentId } from "../../lib/rules/documents/document-id.ts";
import type { SourceRecord } from "../../lib/rules/model/record.ts";
import { eventually } from "../support/eventually.ts";
import { startTestHost } from "../support/host.ts";
import { uniqueName } from "../support/kafka.ts";
import { readTopic } from "../support/read-topic.ts";
import { makeIndexOfNumbers, unforgiving } from "../support/refused.ts";
import { sourceRecord, specification } from "../support/records.ts";
import { replayJson, runReplay } from "../support/replay-command.ts";
import { useStack } from "../support/stack-clients.ts";

describe("replay", () => {
  const servers = useStack();

  function configFor(...topics: (object | string)[]) {
    const deadLetters = { topic: uniqueName("dead") };
    return { ...servers.config, deadLetters, topics };
  }

  async function createIndex(index: string, properties: object): Promise<void> {
    await servers.elasticsearch.demand("PUT", `/${index}`, { mappings: { properties } });
  }

  /** Runs a host until it has read the topics to their ends. */
  async function ingest(config: object, ...topics: string[]): Promise<void> {
    await using host = await startTestHost(config);
    for (const topic of topics) await host.untilCaughtUp(topic, (await servers.kafka.ends(topic)).size);
  }

  async function putLetters(topic: string, letters: readonly DeadLetter[]): Promise<void> {
    await servers.kafka.createTopic(topic, 1, { "max.message.bytes": String(16 * 1024 * 1024) });
    await servers.kafka.produce(
      topic,
      letters.map(({ key, value, headers }) => ({
        key,
        value,
        headers: headers.map((header) => ({ key: header.name, value: header.value })) as never,
      })),
    );
  }

  function letterFor(topic: string, record: SourceRecord, index = topic): DeadLetter {
    const rejection = {
      status: 400,
      type: "document_parsing_exception",
      reason: "failed to parse field [n]",
      index,
    };
    return deadLetterOf({ topic, record, rejection, attempts: 1, failedAt: Date.UTC(2026, 0, 2) });
  }

  test("a repaired mapping lets replay index: same ids, same documents; a second run changes nothing (vector#1772, beats#34923)", async () => {
    const topic = uniqueName("mended");
    const spec = { topic, ...unforgiving, path: "/var/log/mended.log" };
    const config = configFor(spec);
    await servers.kafka.createTopic(topic, 2);
    await createIndex(topic, { n: { type: "long" }, day: { type: "date" } });
    const timestamp = String(Date.UTC(2026, 0, 2, 3, 4, 5));
    const headers = { trace: "one", none: "" };
    await servers.kafka.produce(topic, [
      { partition: 0, value: '{"n":1}', timestamp },
      { partition: 0, value: '{"n":"one", "message":"first"}', key: "k", headers, timestamp },
      { partition: 1, value: '{"day":"no day",\n"big":12345678901234567890}', timestamp },
      { partition: 1, value: Buffer.from([0x22, 0xff, 0x22]), timestamp },
      { partition: 1, value: '{"n":{"three":3}}', timestamp },
    ]);
    await ingest(config, topic);
    expect(await servers.kafka.written(config.deadLetters.topic)).toBe(3);

    // Not repaired yet: nothing is indexed, and no letter is added.
    const tooEarly = await runReplay(config);
    expect(tooEarly.code).toBe(1);
    expect(tooEarly.out).toContain("        3  still rejected; they stay dead letters\n");
    expect(tooEarly.out).toContain(
      `        1 letter of topic ${topic}, index ${topic}, field day: document_parsing_exception\n`,
    );
    expect(tooEarly.error).toBe("");
    expect(await servers.kafka.written(config.deadLetters.topic)).toBe(3);

    await servers.elasticsearch.request("DELETE", `/${topic}`);
    await createIndex(topic, {
      n: { type: "keyword" },
      day: { type: "keyword" },
      big: { type: "keyword" },
    });
    const dry = await replayJson(config, "--dry-run");
    expect(dry).toMatchObject({ code: 0, error: "", result: { read: 3, wouldReplay: 3, indexed: 0 } });
    expect(await servers.elasticsearch.count(topic)).toBe(0);

    const first = await runReplay(config);
    expect(first).toEqual({
      code: 0,
      error: "",
      out: `Read 3 records of topic ${config.deadLetters.topic}:\n        3  indexed\n`,
    });
    const documents = await servers.elasticsearch.documents(topic);
    const encode = createDocumentEncoder(specification({ ...spec, index: topic }));
    const records = await readTopic(servers.kafka.brokers, topic, 5);
    const wanted = [1, 2, 4].map((n) => {
      const encoding = encode(records[n] ?? sourceRecord(null));
      if (encoding.kind !== "document") throw new Error(encoding.kind);
      return { _id: encoding.id, _source: JSON.parse(encoding.json) as unknown };
    });
    expect(documents.map(({ _id, _source }) => ({ _id, _source }))).toEqual(wanted as typeof documents);

    const operations = async () => {
      const { body } = await servers.elasticsearch.request("GET", `/${topic}/_stats/indexing`);
      return (body as { _all: { primaries: { indexing: { index_total: number } } } })._all.primaries.indexing
        .index_total;
    };
    const before = await operations();
    const again = await replayJson(config);
    expect(again).toMatchObject({ code: 0, result: { read: 3, alreadyThere: 3, indexed: 0 } });
    expect(await operations()).toBe(before);
    expect(await servers.elasticsearch.documents(topic)).toEqual(documents);
    expect(await replayJson(config, "--dry-run")).toMatchObject({
      code: 0,
      result: { alreadyThere: 3, wouldReplay: 0 },
    });
    expect(await servers.kafka.written(config.deadLetters.topic)).toBe(3);
  }, 480_000);

  test("only the selected letters, into another index if requested; the same in the digest", async () => {
    const [one, two] = [uniqueName("one"), uniqueName("two")];
    const key = uniqueName("replay/declared");
    const etcd = { endpoints: servers.addresses.etcdEndpoints, keys: [key] };
    const config = { ...configFor({ topic: one, ...unforgiving }), etcd };
    const declaring = new Etcd3({ hosts: etcd.endpoints });
    await declaring.put(key).value(JSON.stringify([{ pattern: `${two}*`, ...unforgiving }, { topic: 1 }]));
    declaring.close();
    for (const topic of [one, two]) {
      await servers.kafka.createTopic(topic, 1, { "message.timestamp.after.max.ms": "9223372036854775807" });
      await makeIndexOfNumbers(servers.elasticsearch, topic);
    }
    await servers.kafka.produce(one, [
      { value: '{"n":"a"}' },
      { value: '{"n":"b"}' },
      { value: "{}", timestamp: "253402300800000" },
    ]);
    await servers.kafka.produce(two, [{ value: '{"n":"c"}' }]);
    await ingest(config, one, two);

    const digest = await replayJson(config, "--digest");
    expect(digest).toMatchObject({ code: 0, result: { read: 4, letters: 4, truncated: false, others: 0 } });
    const groups = digest.result["groups"] as {
      topic: string;
      field: string;
      error: string;
      count: number;
    }[];
    expect(
      new Set(groups.map(({ topic, field, error, count }) => `${topic} ${field} ${error} ${count}`)),
    ).toEqual(
      new Set([
        `${one} n document_parsing_exception 2`,
        `${two} n document_parsing_exception 1`,
        `${one} null invalid_timestamp 1`,
      ]),
    );
    const oneDigest = await runReplay(config, "--digest", "--topic", two);
    expect(oneDigest.out).toContain(
      `        1 letter of topic ${two}, index ${two}, field n: document_parsing_exception\n`,
    );
    expect(oneDigest.out).toContain('           value: {"n":"c"}\n');

    const index = `${one}-again`;
    const nobody = await replayJson(config, "--since", "2999-01-01");
    expect(nobody).toMatchObject({ code: 0, result: { read: 4, filteredOut: 4, indexed: 0 } });
    const filters = ["--topic", one, "--error", "document_parsing_exception", "--since", "1h"];
    const some = await replayJson(config, ...filters, "--index", index);
    expect(some).toMatchObject({ code: 0, result: { read: 4, filteredOut: 2, indexed: 2 } });
    const found = await servers.elasticsearch.documents(index);
    expect(found.map(({ _source }) => _source["n"])).toEqual(["a", "b"]);

    const other = await replayJson(config, "--topic", two, "--index", "{topic}-again");
    expect(other).toMatchObject({ code: 0, result: { indexed: 1, undeclared: [] } });
    expect(other.error).toContain("Note: a declaration is refused: ");
    const [document] = await servers.elasticsearch.documents(`${two}-again`);
    expect(document?._source["n"]).toBe("c");

    // A timestamp stays the same, so no new letter must be written for it.
    const rest = await replayJson(config, "--topic", one, "--index", index);
    expect(rest).toMatchObject({
      code: 1,
      result: {
        alreadyThere: 2,
        stillRejected: 1,
        byError: { groups: [{ error: "invalid_timestamp", count: 1 }] },
      },
    });
    expect(await servers.kafka.written(config.deadLetters.topic)).toBe(4);
  }, 480_000);

  test("indexes doubles once, and reads omitted values from their topic, or names them as deleted", async () => {
    const topic = uniqueName("omitted");
    const config = configFor(topic);
    await servers.kafka.createTopic(topic, 1, { "max.message.bytes": String(16 * 1024 * 1024) });
    const timestamp = Date.UTC(2026, 0, 2);
    const large = "x".repeat(600 * 1024);
    for (const text of ["gone", `${large}1`, "small", `${large}3`]) {
      await servers.kafka.produce(topic, [
        { value: text, key: text.at(-1) ?? null, timestamp: String(timestamp) },
      ]);
    }
    await servers.kafka.deleteBelow(topic, 1);
    const record = (offset: number, value = "") => sourceRecord(value, { offset, timestamp });
    const omitted = [0, 1, 3].map((offset) => withoutValue(letterFor(topic, record(offset))));
    const small = letterFor(topic, record(2, "small"));
    // Another record was at offset 1 before the topic was created again.
    const older = withoutValue(letterFor(topic, { ...record(1), timestamp: 1 }));
    await putLetters(config.deadLetters.topic, [
      ...omitted,
      small,
      ...omitted,
      older,
      { key: null, value: Buffer.from("stray"), headers: [] },
      small,
    ]);

    const { code, result } = await replayJson(config);
    expect(code).toBe(1);
    expect(result).toMatchObject({
      read: 10,
      doubles: 4,
      notLetters: 1,
      indexed: 3,
      unrecoverable: 2,
      unrecoverablePlaces: [
        { topic, partition: 0, offset: 0 },
        { topic, partition: 0, offset: 1 },
      ],
      firstForeign: { partition: 0, offset: 8 },
    });
    const documents = await servers.elasticsearch.documents(topic);
    expect(documents.map(({ _id }) => _id)).toEqual(
      [1, 2, 3].map((offset) => documentId(topic, record(offset))),
    );
    expect(documents.map(({ _source }) => _source["message"])).toEqual([`${large}1`, "small", `${large}3`]);
    expect(documents.map(({ _source }) => (_source["kafka"] as { key?: string }).key)).toEqual([
      "1",
      undefined,
      "3",
    ] as (string | undefined)[]);
    expect(await replayJson(config)).toMatchObject({
      code: 1,
      result: { alreadyThere: 3, unrecoverable: 2, indexed: 0 },
    });
  }, 480_000);

  test("a letter for a day's index goes to that index, even if it is closed", async () => {
    const topic = uniqueName("dated");
    const config = configFor({ topic, index: `${topic}-{yyyy.MM.dd}` });
    await servers.kafka.createTopic(topic);
    const closed = `${topic}-2026.01.01`;
    await createIndex(closed, {});
    await servers.elasticsearch.request("POST", `/${closed}/_close`);
    await putLetters(config.deadLetters.topic, [
      letterFor(topic, sourceRecord("open", { offset: 1 }), `${topic}-2026.01.02`),
      letterFor(topic, sourceRecord("closed", { offset: 2 }), closed),
    ]);
    expect(await replayJson(config)).toMatchObject({
      code: 1,
      result: { indexed: 1, stillRejected: 1, byError: { groups: [{ error: "index_closed_exception" }] } },
    });
    await servers.elasticsearch.request("POST", `/${closed}/_open`);
    expect(await replayJson(config)).toMatchObject({ code: 0, result: { indexed: 1, alreadyThere: 1 } });
    const found = await servers.elasticsearch.documents(`${topic}-*`);
    expect(found.map(({ _index }) => _index)).toEqual([`${topic}-2026.01.02`, closed]);
    const pattern = `{topic}-{yyyy.MM.dd}`;
    expect(await replayJson(config, "--dry-run", "--index", pattern)).toMatchObject({
      result: { alreadyThere: 2, wouldReplay: 0 },
    });
  }, 480_000);

  test("as a job of a running host, which continues with its topics", async () => {
    const topic = uniqueName("job");
    const config = configFor({ topic, ...unforgiving });
    await servers.kafka.createTopic(topic);
    await makeIndexOfNumbers(servers.elasticsearch, topic);
    await servers.kafka.produce(topic, [{ value: '{"n":"x"}' }, { value: '{"n":2}' }]);
    await using host = await startTestHost(config);
    await host.untilTopic(topic, "has a dead letter", ({ counts }) => counts.deadLettered === 1);

    const digest = await host.answer(`/dead-letters?topic=${topic}`);
    expect(digest.status).toBe(200);
    expect(await digest.json()).toMatchObject({
      letters: 1,
      truncated: false,
      groups: [
        {
          topic,
          field: "n",
          error: "document_parsing_exception",
          count: 1,
          sample: { partition: 0, offset: 0, value: '{"n":"x"}' },
        },
      ],
    });

    const untilEnd = async (response: Response): Promise<ReplayJob> => {
      expect(response.status).toBe(202);
      const place = response.headers.get("location") ?? "";
      const started = (await response.json()) as ReplayJob;
      expect(place).toBe(`/replay/${started.id}`);
      return eventually("the replay has ended", async () => {
        const job = (await (await host.fetch(place)).json()) as ReplayJob;
        return job.state === "running" ? null : job;
      });
    };
    const still = await untilEnd(await host.answer("/replay", { method: "POST" }));
    expect(still).toMatchObject({ state: "done", error: null, result: { read: 1, stillRejected: 1 } });
    const index = `${topic}-text`;
    const mended = await untilEnd(
      await host.answer(`/replay?index=${index}`, {
        method: "POST",
        body: JSON.stringify({ topic }),
        headers: { "content-type": "application/json" },
      }),
    );
    expect(mended).toMatchObject({
      state: "done",
      request: { topic, index, dryRun: false },
      progress: { read: 1, total: 1 },
      result: { indexed: 1 },
    });
    expect((await servers.elasticsearch.documents(index)).map(({ _source }) => _source["n"])).toEqual(["x"]);
    expect(await servers.kafka.written(config.deadLetters.topic)).toBe(1);

    await servers.kafka.produce(topic, [{ value: '{"n":3}' }]);
    await host.untilIndexed(topic, 2);
    const { groups } = await servers.kafka.admin.listGroups();
    // Every user of the host's group may replay: no other group is used.
    const { group } = servers.config.kafka;
    const ours = groups.filter(
      ({ groupId }) => groupId.startsWith(group) || groupId.startsWith("penstock.reader-"),
    );
    expect(ours.map(({ groupId }) => groupId)).toEqual([group]);
    expect(await host.stop()).toBe(0);
  }, 480_000);

  test.each([
    [2, ["--since", "soon"]],
    [2, ["--frobnicate"]],
    [2, ["--index", "UPPER"]],
    [0, ["--help"]],
    [0, []],
  ])(
    "exits with %d for %j where there are no dead letters",
    async (code, args) => {
      const config = configFor();
      const ended = await runReplay(config, ...args);
      expect(ended.code).toBe(code);
      if (args.length === 0) {
        expect(ended.out).toBe(`There are no dead letters in topic ${config.deadLetters.topic}.\n`);
      }
    },
    240_000,
  );

  test("exits with 78 for a bad config, and 1 with a sentence if Kafka is unreachable", async () => {
    expect((await runReplay({ kafka: { brokers: 1 } })).code).toBe(78);
    const absent = { ...configFor(), kafka: { brokers: ["127.0.0.1:1"] } };
    const ended = await runReplay(absent);
    expect(ended).toMatchObject({ code: 1, out: "" });
    expect(ended.error).toStartWith("Kafka at 127.0.0.1:1 does not answer: ");
  }, 240_000);
});
