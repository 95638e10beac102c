import { describe, expect, test } from "bun:test";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Etcd3 } from "etcd3";
import { stringify } from "yaml";
import { createLambdaFunction } from "../../infra/deploy/lambda/handler.ts";
import type { IngestAnswer } from "../../infra/api/ingest.ts";
import { documentId } from "../../lib/rules/documents/document-id.ts";
import type { SourceRecord } from "../../lib/rules/model/record.ts";
import { newFolder } from "../support/folder.ts";
import { startTestHost, type TestHost } from "../support/host.ts";
import { kafkaEvent } from "../support/kafka-event.ts";
import { uniqueName } from "../support/kafka.ts";
import { readTopic } from "../support/read-topic.ts";
import { makeIndexOfNumbers, unforgiving } from "../support/refused.ts";
import { sourceRecord } from "../support/records.ts";
import { useStack } from "../support/stack-clients.ts";

/** Records that another program read from Kafka are indexed like a consumer's. */
describe("an event of records", () => {
  const servers = useStack();

  function configFor(...topics: (object | string)[]) {
    return { ...servers.config, deadLetters: { topic: uniqueName("dead") }, topics };
  }

  const eventOf = (topic: string, records: readonly SourceRecord[]) =>
    kafkaEvent(records.map((record) => ({ topic, record })));

  async function ingest(host: TestHost, event: object): Promise<IngestAnswer> {
    const headers = { "content-type": "application/json" };
    const response = await host.fetch("/ingest", { method: "POST", headers, body: JSON.stringify(event) });
    const answer = (await response.json()) as IngestAnswer;
    expect({ status: response.status, answer }).toMatchObject({ status: 200 });
    return answer;
  }

  test("that arrive both ways become one document each, byte for byte the same in either order", async () => {
    const topic = uniqueName("both");
    const config = configFor({ topic, format: "json", path: "/var/log/both.log" });
    await servers.kafka.createTopic(topic, 2);
    const sent = Array.from({ length: 20 }, (_, n) => ({
      partition: n % 2,
      key: n % 3 === 0 ? null : `k${n}`,
      value: n === 7 ? Buffer.from([0x22, 0xff, 0x22]) : `{"n":${n},"message":"line ${n}"}`,
      headers: { trace: Buffer.from([n, 200]), __none: "" },
    }));
    await servers.kafka.produce(topic, sent);
    const records = await readTopic(servers.kafka.brokers, topic, sent.length);

    // The consumer was first: everything is a duplicate.
    await using host = await startTestHost(config);
    await host.untilCaughtUp(topic, 2);
    const nothing = { indexed: 0, duplicate: 0, deadLettered: 0, skipped: 0 };
    expect(await ingest(host, eventOf(topic, records))).toEqual({
      batchItemFailures: [],
      counts: { ...nothing, duplicate: 20 },
      reasons: [],
    });
    const byConsumer = await servers.elasticsearch.documents(topic);
    expect(byConsumer.map(({ _id }) => _id)).toEqual(records.map((record) => documentId(topic, record)));

    // The event was first: exactly the same documents.
    await servers.elasticsearch.request("DELETE", `/${topic}`);
    const answer = await ingest(host, eventOf(topic, records));
    expect(answer).toMatchObject({ batchItemFailures: [], counts: { ...nothing, indexed: 20 } });
    expect(await servers.elasticsearch.documents(topic)).toEqual(byConsumer);

    // The host continues, and the records it reads are indexed once.
    await servers.kafka.produce(topic, [{ partition: 0, value: '{"n":20}' }]);
    await host.untilIndexed(topic, 21);
    expect(await servers.elasticsearch.count(topic)).toBe(21);
    expect(await host.stop()).toBe(0);
  }, 240_000);

  test("a mapping error becomes a dead letter and no failure; a temporary refusal by Elasticsearch is a failure", async () => {
    const [topic, shut, gone] = [uniqueName("strict"), uniqueName("shut"), uniqueName("gone")];
    const config = configFor({ topic, ...unforgiving }, shut);
    await makeIndexOfNumbers(servers.elasticsearch, topic);
    await servers.elasticsearch.request("PUT", `/${shut}`, { settings: { "index.blocks.write": true } });
    await using host = await startTestHost(config);
    const event = kafkaEvent([
      { topic, record: sourceRecord('{"n":1}', { offset: 5 }) },
      { topic, record: sourceRecord('{"n":"one"}', { offset: 6 }) },
      { topic: shut, record: sourceRecord("a", { partition: 1, offset: 123 }) },
      { topic: shut, record: sourceRecord(null, { partition: 1, offset: 124 }) },
      { topic: shut, record: sourceRecord("b", { partition: 1, offset: 125 }) },
      { topic: gone, record: sourceRecord("c", { offset: 1 }) },
    ]);
    const answer = await ingest(host, event);
    expect(answer.batchItemFailures).toEqual([
      { itemIdentifier: { partition: `${shut}-1`, offset: 123 } },
      { itemIdentifier: { partition: `${shut}-1`, offset: 125 } },
      { itemIdentifier: { partition: `${gone}-0`, offset: 1 } },
    ]);
    expect(answer.counts).toEqual({ indexed: 1, duplicate: 0, deadLettered: 1, skipped: 1 });
    expect(answer.reasons).toMatchObject([
      { partition: `${shut}-1`, records: 2, code: "cluster_block", message: expect.stringContaining(shut) },
      { partition: `${gone}-0`, records: 1, code: "not_declared" },
    ]);
    const [letter] = await readTopic(servers.kafka.brokers, config.deadLetters.topic, 1);
    expect(letter?.value?.toString()).toBe('{"n":"one"}');
    const about = new Map(letter?.headers.map(({ name, value }) => [name, value?.toString()]));
    expect([about.get("penstock.topic"), about.get("penstock.offset")]).toEqual([topic, "6"]);

    // Repaired and sent again in full: documents already indexed stay single.
    await servers.elasticsearch.request("PUT", `/${shut}/_settings`, { "index.blocks.write": false });
    const again = await ingest(host, event);
    expect(again.batchItemFailures).toHaveLength(1);
    expect(again.counts).toMatchObject({ indexed: 2, duplicate: 1 });
    expect(await servers.elasticsearch.count(shut)).toBe(2);
  }, 240_000);

  test("is processed by the same handler as an AWS Lambda function, which reads etcd too", async () => {
    const [topic, other] = [uniqueName("lambda"), uniqueName("undeclared")];
    const key = uniqueName("lambda-key");
    const { etcdEndpoints } = servers.addresses;
    const etcd = new Etcd3({ hosts: [...etcdEndpoints] });
    using folder = newFolder();
    try {
      await etcd.put(key).value(JSON.stringify([{ topic, path: "/var/log/lambda.log" }]));
      const config = { ...configFor(), etcd: { endpoints: etcdEndpoints, keys: [key] } };
      const path = join(folder.path, "config.yaml");
      await writeFile(path, stringify(config));
      await using lambda = createLambdaFunction({ PENSTOCK_CONFIG: path });
      const record = sourceRecord("by Lambda", { offset: 7 });
      const event = kafkaEvent([
        { topic, record },
        { topic: other, record },
      ]);
      const failed = { batchItemFailures: [{ itemIdentifier: { partition: `${other}-0`, offset: 7 } }] };
      expect(await lambda.handler(event, { getRemainingTimeInMillis: () => 30_000 })).toEqual(failed);
      expect(await lambda.handler(event)).toEqual(failed);
      const documents = await servers.elasticsearch.documents(topic);
      expect(documents).toMatchObject([
        {
          _id: documentId(topic, record),
          _source: { message: "by Lambda", log: { file: { path: "/var/log/lambda.log" } } },
        },
      ]);

      // Too late for Lambda: everything fails, and nothing is lost.
      const late = kafkaEvent([{ topic, record: sourceRecord("late", { offset: 8 }) }]);
      expect(await lambda.handler(late, { getRemainingTimeInMillis: () => 900 })).toEqual({
        batchItemFailures: [{ itemIdentifier: { partition: `${topic}-0`, offset: 8 } }],
      });
    } finally {
      await etcd.delete().key(key);
      etcd.close();
    }
  }, 240_000);
});
