import { expect, test } from "bun:test";
import { Kafka, logLevel } from "kafkajs";
import { connectTestKafka, uniqueName } from "../support/kafka.ts";
import { testStack } from "../support/stack.ts";

/** The long poll that is not to be waited out; far above what stopping takes on a busy machine. */
const LONG_POLL_MS = 20_000;

test("a kafkajs consumer that is stopped does not wait out its long poll, and leaves its group", async () => {
  const { brokers } = await testStack();
  await using kafka = await connectTestKafka(brokers);
  const topic = uniqueName("idle");
  await kafka.createTopic(topic);
  await kafka.produce(topic, [{ value: "one" }]);
  const complaints: string[] = [];
  const consumer = new Kafka({
    brokers,
    requestTimeout: 2 * LONG_POLL_MS,
    logLevel: logLevel.WARN,
    logCreator:
      () =>
      ({ log }) =>
        void complaints.push(log.message),
  }).consumer({ groupId: topic, maxWaitTimeInMs: LONG_POLL_MS, sessionTimeout: 2 * LONG_POLL_MS });
  const polling = Promise.withResolvers<void>();
  let read = 0;
  consumer.on(consumer.events.FETCH_START, () => {
    if (read > 0) polling.resolve();
  });
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  await consumer.run({
    eachMessage: async () => {
      read += 1;
    },
  });
  await polling.promise;
  complaints.length = 0;

  const startedAt = performance.now();
  await consumer.disconnect();
  expect(performance.now() - startedAt).toBeLessThan(LONG_POLL_MS / 2);
  expect(complaints).toEqual([]);
  expect(await kafka.committed(topic, topic)).toEqual(new Map([[0, 1]]));
  const admin = kafka.kafka.admin();
  await admin.connect();
  const { groups } = await admin.describeGroups([topic]);
  await admin.disconnect();
  expect(groups[0]?.members).toEqual([]);
}, 60_000);
