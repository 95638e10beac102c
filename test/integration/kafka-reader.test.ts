import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createReader, type FetchedPart, type Reader } from "../../lib/adapters/kafka/reader/reader.ts";
import { createKafkaWire } from "../../lib/adapters/kafka/wire/kafkajs-wire.ts";
import type { KafkaApi, KafkaWire, Lane } from "../../lib/adapters/kafka/protocol/wire.ts";
import { systemTime } from "../../lib/adapters/system/system-time.ts";
import { endOfBatches } from "../support/batch-ends.ts";
import { collectingSink, type CollectingSink } from "../support/collecting-sink.ts";
import { eventually } from "../support/eventually.ts";
import { connectTestKafka, type TestKafka, uniqueName } from "../support/kafka.ts";
import { createMemoryLogger } from "../support/memory-logger.ts";
import { kafkaSettings } from "../support/settings.ts";
import { testStack } from "../support/stack.ts";

let brokers: string[];
let kafka: TestKafka;

beforeAll(async () => {
  ({ brokers } = await testStack());
  kafka = await connectTestKafka(brokers);
});
afterAll(() => kafka[Symbol.asyncDispose]());

/** A wire that counts its requests. */
function counting(wire: KafkaWire): KafkaWire & { readonly calls: { api: KafkaApi; lane: Lane }[] } {
  const calls: { api: KafkaApi; lane: Lane }[] = [];
  return {
    ...wire,
    calls,
    call(to, api, request, how) {
      calls.push({ api, lane: how.lane });
      return wire.call(to, api, request, how);
    },
  };
}

async function withReader(
  use: (reader: Reader, wire: ReturnType<typeof counting>) => Promise<void>,
): Promise<void> {
  const wire = counting(createKafkaWire(kafkaSettings({ brokers }), createMemoryLogger()));
  const reader = createReader({ wire, rack: "", time: systemTime, logger: createMemoryLogger() });
  try {
    await use(reader, wire);
  } finally {
    await reader.close();
    await wire.close();
  }
}

function open(
  reader: Reader,
  topic: string,
  partition = 0,
  offset = 0,
  sink: CollectingSink = collectingSink(({ records, fetchOffset }) => endOfBatches(records, fetchOffset)),
): CollectingSink {
  sink.end = offset;
  sink.read = reader.open(topic, partition, offset, sink);
  return sink;
}

/** Each part starts where the previous one ended. */
function expectContiguous({ parts, end }: CollectingSink, from = 0): void {
  let at = from;
  for (const { fetchOffset, records } of parts) {
    expect(fetchOffset).toBe(at);
    at = endOfBatches(records, fetchOffset);
  }
  expect(at).toBe(end);
}

const lines = (count: number, bytes = 20) =>
  Array.from({ length: count }, (_, n) => ({ partition: 0, value: `${n}`.padEnd(bytes, "x") }));

describe("a reader", () => {
  test("many topics take two fetches a second while idle, and few for new records", async () => {
    const topics = Array.from({ length: 300 }, () => uniqueName("reader-many"));
    // Not waiting: a question about all of them fails while the broker does not list one of them yet.
    await kafka.admin.createTopics({
      topics: topics.map((topic) => ({ topic, numPartitions: 1 })),
      waitForLeaders: false,
      timeout: 20_000,
    });
    await withReader(async (reader, wire) => {
      const sinks = topics.map((topic) => open(reader, topic));
      await eventually("all are heard of", () => sinks.every(({ positions }) => positions.length > 0));
      // On a busy machine the last of them may still be opened, or a poll takes seconds: then it is tried again.
      await eventually("1.5 s are idle", async () => {
        await Bun.sleep(600);
        wire.calls.length = 0;
        await Bun.sleep(1_500);
        const lanes = new Set(wire.calls.map(({ lane }) => lane));
        return wire.calls.length <= 4 && lanes.size === 1 && lanes.has("tail");
      });

      const producer = kafka.kafka.producer();
      await producer.connect();
      wire.calls.length = 0;
      const begunMs = performance.now();
      for (let round = 1; round <= 5; round += 1) {
        await producer.sendBatch({
          topicMessages: topics.map((topic) => ({ topic, messages: [{ value: `r${round}` }] })),
        });
      }
      await eventually("all is read", () => sinks.every(({ end }) => end === 5));
      const seconds = (performance.now() - begunMs) / 1_000;
      await producer.disconnect();
      // 1,500 records, which a broker whose answers are late spreads over more of them, and the polls that found nothing meanwhile.
      expect(wire.calls.length).toBeLessThanOrEqual(300 + 2 * seconds);
      for (const sink of sinks) expectContiguous(sink);
    });
  }, 240_000);

  test("a partition opened during a long poll is read at once, and so is every record until the next one", async () => {
    const old = uniqueName("reader-old");
    await kafka.createTopic(old);
    await withReader(async (reader, wire) => {
      const first = open(reader, old);
      await eventually("it is heard of", () => first.positions.length > 0);
      const polls = () => wire.calls.filter(({ lane }) => lane === "tail").length;
      // On a busy machine it may take longer than one long poll: then it is no proof, and tried again.
      await eventually("all of it happens within one long poll", async () => {
        const fresh = uniqueName("reader-new");
        await kafka.createTopic(fresh);
        await kafka.produce(fresh, lines(3));
        const seen = polls();
        await eventually("a long poll begins", () => polls() > seen);
        const before = polls();
        const sink = open(reader, fresh);
        await eventually("it is read", () => sink.end === 3);
        await kafka.produce(fresh, lines(1));
        await eventually("what came then is read", () => sink.end === 4);
        expectContiguous(sink);
        return polls() === before;
      });
    });
  }, 240_000);

  test("a backlog is read in large pieces beside a tail that continues", async () => {
    const [behind, tail] = [uniqueName("reader-behind"), uniqueName("reader-tail")];
    await kafka.createTopic(behind);
    await kafka.createTopic(tail);
    for (let n = 0; n < 80; n += 1) await kafka.produce(behind, lines(500, 1_000));
    await withReader(async (reader) => {
      const end = ({ records, fetchOffset }: FetchedPart) => endOfBatches(records, fetchOffset);
      const large = collectingSink(end);
      large.roomBytes = 8 * 1024 * 1024;
      const near = open(reader, tail);
      await eventually("the tail is heard of", () => near.positions.length > 0);
      open(reader, behind, 0, 0, large);
      await kafka.produce(tail, lines(1));
      await eventually("all is read", () => large.end === 40_000 && near.end === 1);
      expectContiguous(large);
      // 40 MB; each fetch brings 8 MiB less the cut-off rest.
      expect(large.parts.length).toBeLessThanOrEqual(12);
    });
  }, 240_000);

  test("an offset out of range, a missing topic, one deleted and created again: each is reported, and recovers", async () => {
    const [topic, missing] = [uniqueName("reader-again"), uniqueName("reader-missing")];
    await kafka.createTopic(topic);
    await kafka.produce(topic, lines(5));
    await withReader(async (reader) => {
      const sink = open(reader, topic, 0, 99);
      const none = open(reader, missing);
      await eventually("it is out of range", () => sink.outOfRange.length === 1);
      sink.read?.seek(0);
      await eventually("it is read", () => sink.end === 5);
      // A new topic may briefly have had no leader: that is reported too, and taken back.
      await eventually("the missing one is told", () => (none.troubles.at(-1) ?? null) !== null);
      await kafka.deleteTopic(topic);
      await eventually("the deleted one is gone", () => sink.gone === 1);
      sink.read?.close();
      await kafka.createTopic(topic);
      await kafka.createTopic(missing);
      await kafka.produce(missing, lines(1));
      await kafka.produce(topic, lines(2));
      const again = open(reader, topic, 0, 5);
      await eventually("its old place is out of range", () => again.outOfRange.length === 1);
      again.read?.seek(0);
      await eventually("both are read", () => again.end === 2 && none.end === 1);
      expectContiguous(again);
      expect([again.troubles.at(-1) ?? null, none.troubles.at(-1)]).toEqual([null, null]);
    });
  }, 240_000);

  test("seeks and closes while answers are on their way: answers to earlier requests have no effect", async () => {
    const topic = uniqueName("reader-seek");
    await kafka.createTopic(topic);
    for (let n = 0; n < 10; n += 1) await kafka.produce(topic, lines(100));
    await withReader(async (reader) => {
      for (let round = 0; round < 30; round += 1) {
        const sink = open(reader, topic, 0, round);
        await Bun.sleep(round % 4);
        const from = 500 + round;
        sink.parts.length = 0;
        sink.end = from;
        sink.read?.seek(from);
        await eventually("it is read to its end", () => sink.end === 1_000);
        expectContiguous(sink, from);
        sink.read?.close();
        const seen = sink.parts.length;
        await Bun.sleep(1);
        expect(sink.parts.length).toBe(seen);
      }
    });
  }, 240_000);
});
