import type { FetchedBatch } from "../../lib/rules/offsets/span-tracks.ts";
import { describe, expect, test } from "bun:test";
import { CompressionTypes } from "kafkajs";
import { createKafkaOffsets } from "../../lib/adapters/kafka/queries/offsets.ts";
import { readSpans, type Spans } from "../../lib/adapters/kafka/queries/span-reader.ts";
import { uniqueName } from "../support/kafka.ts";
import { createMemoryLogger } from "../support/memory-logger.ts";
import { rejection } from "../support/rejection.ts";
import { kafkaSettings } from "../support/settings.ts";
import { useStack } from "../support/stack-clients.ts";

describe("spans of a topic", () => {
  const servers = useStack();

  function reader(topic: string) {
    const kafka = kafkaSettings({
      brokers: servers.addresses.brokers,
      group: uniqueName("spans"),
    });
    return {
      kafka,
      read: async (
        spans: Spans,
        onBatch: (batch: FetchedBatch) => Promise<void>,
        signal = AbortSignal.timeout(120_000),
      ) => {
        await readSpans({ kafka, topic, logger: createMemoryLogger() }, spans, onBatch, signal);
      },
      /** Groups of this reader that Kafka still knows. */
      groups: async () => {
        const { groups } = await servers.kafka.admin.listGroups();
        return groups.filter(({ groupId }) => groupId.startsWith(kafka.group));
      },
    };
  }

  /** Values by partition in order of arrival; checks that batches follow one another. */
  function collector() {
    const values = new Map<number, string[]>();
    const ends = new Map<number, number>();
    return {
      values,
      ends,
      take: async (batch: FetchedBatch) => {
        const before = ends.get(batch.partition);
        if (before !== undefined) expect(batch.start).toBe(before);
        ends.set(batch.partition, batch.end);
        const list = values.get(batch.partition) ?? [];
        for (const { offset, value } of batch.records) list.push(`${offset}=${String(value)}`);
        values.set(batch.partition, list);
        return Promise.resolve();
      },
    };
  }

  const numbered = (from: number, to: number, text = "r") =>
    Array.from({ length: to - from }, (_, n) => `${from + n}=${text}${from + n}`);

  async function produceNumbered(
    topic: string,
    partition: number,
    count: number,
    compression?: CompressionTypes,
  ) {
    const messages = Array.from({ length: count }, (_, n) => ({ partition, value: `r${n}` }));
    await servers.kafka.produce(topic, messages, compression);
  }

  test("from the middle of several partitions, of compressed batches too, and nothing else; no group is involved", async () => {
    const topic = uniqueName("middle");
    await servers.kafka.createTopic(topic, 4);
    await produceNumbered(topic, 0, 100);
    await produceNumbered(topic, 1, 100, CompressionTypes.GZIP);
    await produceNumbered(topic, 2, 100, CompressionTypes.ZSTD);
    await produceNumbered(topic, 3, 100);
    const { read, groups } = reader(topic);
    const { values, ends, take } = collector();
    const spans = new Map([
      [0, { start: 0, end: 100 }],
      [1, { start: 37, end: 61 }],
      [2, { start: 99, end: 100 }],
    ]);
    await read(spans, take);
    expect(values).toEqual(
      new Map([
        [0, numbered(0, 100)],
        [1, numbered(37, 61)],
        [2, numbered(99, 100)],
      ]),
    );
    expect(ends).toEqual(
      new Map([
        [0, 100],
        [1, 61],
        [2, 100],
      ]),
    );
    expect(await groups()).toEqual([]);
  }, 240_000);

  test("whose beginning retention deleted return what is left", async () => {
    const topic = uniqueName("deleted");
    await servers.kafka.createTopic(topic, 2);
    await produceNumbered(topic, 0, 50);
    await produceNumbered(topic, 1, 50);
    await servers.kafka.deleteBelow(topic, 30, 50);
    const { read, kafka } = reader(topic);
    const { values, take } = collector();
    const span = { start: 10, end: 40 };
    await read(
      new Map([
        [0, span],
        [1, span],
      ]),
      take,
    );
    expect(values).toEqual(new Map([[0, numbered(30, 40)]]));

    const offsets = createKafkaOffsets(kafka, createMemoryLogger());
    try {
      expect(await offsets.ranges(topic, AbortSignal.timeout(60_000))).toEqual(
        new Map([
          [0, { start: 30, end: 50 }],
          [1, { start: 50, end: 50 }],
        ]),
      );
    } finally {
      await offsets.close();
    }
  }, 240_000);

  test("are read across transaction markers and aborted records, to the end and not beyond an open transaction", async () => {
    const topic = uniqueName("transactions");
    await servers.kafka.createTopic(topic);
    const producer = servers.kafka.kafka.producer({
      idempotent: true,
      maxInFlightRequests: 1,
      transactionalId: uniqueName("id"),
      transactionTimeout: 60_000,
    });
    await producer.connect();
    const write = async (value: string) => {
      const transaction = await producer.transaction();
      await transaction.send({ topic, messages: [{ value }] });
      return transaction;
    };
    // Offsets: 0 and its marker, 2 aborted and its marker, 4 and its marker, then 6, open.
    await (await write("committed")).commit();
    await (await write("aborted")).abort();
    await (await write("committed too")).commit();
    const open = await write("open");
    try {
      const { read } = reader(topic);
      const closed = collector();
      await read(new Map([[0, { start: 0, end: 6 }]]), closed.take);
      expect(closed.values).toEqual(new Map([[0, ["0=committed", "4=committed too"]]]));
      expect(closed.ends).toEqual(new Map([[0, 6]]));
      const middle = collector();
      await read(new Map([[0, { start: 1, end: 4 }]]), middle.take);
      expect(middle.values).toEqual(new Map([[0, []]]));
      expect(middle.ends).toEqual(new Map([[0, 4]]));
      const beyond = collector();
      await read(new Map([[0, { start: 4, end: 7 }]]), beyond.take);
      expect(beyond.values).toEqual(new Map([[0, ["4=committed too"]]]));
      expect(beyond.ends).toEqual(new Map([[0, 6]]));
    } finally {
      await open.abort();
      await producer.disconnect();
    }
  }, 360_000);

  test("of 100,000 records are delivered one batch at a time, in bounded pieces", async () => {
    const topic = uniqueName("many");
    await servers.kafka.createTopic(topic, 2);
    const perRequest = 4_000;
    for (let n = 0; n < 25; n += 1) {
      const messages = Array.from({ length: perRequest }, (_, m) => ({
        partition: m % 2,
        value: `${n * perRequest + m} ${"x".repeat(200)}`,
      }));
      await servers.kafka.produce(topic, messages);
    }
    const { read } = reader(topic);
    let records = 0;
    let atOnce = 0;
    let atMostAtOnce = 0;
    let largestBytes = 0;
    const next = new Map([
      [0, 0],
      [1, 0],
    ]);
    await read(
      new Map([
        [0, { start: 0, end: 50_000 }],
        [1, { start: 0, end: 50_000 }],
      ]),
      async (batch) => {
        atOnce += 1;
        atMostAtOnce = Math.max(atMostAtOnce, atOnce);
        let bytes = 0;
        for (const { offset, value } of batch.records) {
          expect(offset).toBe(next.get(batch.partition) ?? -1);
          next.set(batch.partition, offset + 1);
          bytes += value?.length ?? 0;
        }
        records += batch.records.length;
        largestBytes = Math.max(largestBytes, bytes);
        await Bun.sleep(1);
        atOnce -= 1;
      },
    );
    expect(records).toBe(100_000);
    expect(atMostAtOnce).toBe(1);
    // A partition's share of one fetch is 1 MB; one of the producer's batches may come on top.
    expect(largestBytes).toBeLessThan(3 * 1024 * 1024);
  }, 480_000);

  test("fail with place and offsets if the log ends before, and with the caller's own error", async () => {
    const topic = uniqueName("short");
    await servers.kafka.createTopic(topic);
    await produceNumbered(topic, 0, 10);
    const { read, groups } = reader(topic);
    const { take } = collector();
    expect(await rejection(read(new Map([[0, { start: 5, end: 11 }]]), take))).toMatchObject({
      code: "kafka_refused",
      message: `topic "${topic}", partition 0: offsets 5 to 11 should be read, but its log ends at 10`,
    });
    const whole = new Map([[0, { start: 0, end: 10 }]]);
    const full = new Error("full");
    expect(await rejection(read(whole, () => Promise.reject(full)))).toBe(full);
    const stopping = new AbortController();
    const enough = new Error("enough");
    const stopped = read(
      whole,
      () => {
        stopping.abort(enough);
        return Promise.resolve();
      },
      stopping.signal,
    );
    expect(await rejection(stopped)).toBe(enough);
    expect(await rejection(read(whole, take, AbortSignal.abort(enough)))).toBe(enough);
    expect(await groups()).toEqual([]);
  }, 240_000);

  test("of a missing topic say so", async () => {
    const topic = uniqueName("missing");
    const { take } = collector();
    expect(await rejection(reader(topic).read(new Map([[0, { start: 0, end: 1 }]]), take))).toMatchObject({
      code: "topic_missing",
      message: `topic "${topic}" does not exist in Kafka`,
    });
  }, 240_000);
});
