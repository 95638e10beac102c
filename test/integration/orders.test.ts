import { afterAll, beforeAll, expect, test } from "bun:test";
import { createOrders, type OrderStore } from "../../lib/adapters/kafka/orders/order-store.ts";
import { createKafkaWire } from "../../lib/adapters/kafka/wire/kafkajs-wire.ts";
import type { KafkaWire } from "../../lib/adapters/kafka/protocol/wire.ts";
import { systemTime } from "../../lib/adapters/system/system-time.ts";
import { connectTestKafka, type TestKafka, uniqueName } from "../support/kafka.ts";
import { createMemoryLogger } from "../support/memory-logger.ts";
import { rejection } from "../support/rejection.ts";
import { kafkaSettings } from "../support/settings.ts";
import { testStack } from "../support/stack.ts";

let kafka: TestKafka;
let wire: KafkaWire;
const signal = (): AbortSignal => AbortSignal.timeout(60_000);

beforeAll(async () => {
  const { brokers } = await testStack();
  kafka = await connectTestKafka(brokers);
  wire = createKafkaWire(kafkaSettings({ brokers }), createMemoryLogger());
});
afterAll(async () => {
  await wire.close();
  await kafka[Symbol.asyncDispose]();
});

const byPlace = (orders: Awaited<ReturnType<OrderStore["read"]>>): string[] =>
  orders
    .map(({ topic, partition, offset, metadata }) => `${topic} ${partition} ${offset} ${metadata}`)
    .toSorted();

test("orders of all topics are read together, overwritten and withdrawn, each kind by itself", async () => {
  const group = uniqueName("group");
  const [first, second] = [uniqueName("a"), uniqueName("b")];
  await kafka.createTopic(first, 2);
  await kafka.createTopic(second, 1);
  const { holds, rewinds } = createOrders(wire, group, systemTime);
  expect(await holds.read(signal())).toEqual([]);
  await holds.write([], signal());

  const order = { topic: first, partition: 1, offset: 7, metadata: '{"by":"é"}' };
  await holds.write([order, { topic: second, partition: 0, offset: 0, metadata: "b" }], signal());
  expect(byPlace(await holds.read(signal()))).toEqual([`${first} 1 7 {"by":"é"}`, `${second} 0 0 b`]);
  expect(await rewinds.read(signal())).toEqual([]);

  const elsewhere = createOrders(wire, group, systemTime).holds;
  await elsewhere.write(
    [
      { ...order, offset: 9, metadata: "c" },
      { topic: second, partition: 0, offset: 0, metadata: "" },
    ],
    signal(),
  );
  expect(byPlace(await holds.read(signal()))).toEqual([`${first} 1 9 c`]);
});

test("an order about a topic that does not exist, or too long, is refused by name", async () => {
  const { holds } = createOrders(wire, uniqueName("group"), systemTime);
  const missing = await rejection(
    holds.write([{ topic: uniqueName("none"), partition: 0, offset: 0, metadata: "a" }], signal()),
  );
  expect(missing).toMatchObject({ message: expect.stringContaining("UNKNOWN_TOPIC_OR_PARTITION") });
  const topic = uniqueName("long");
  await kafka.createTopic(topic, 1);
  const long = await rejection(
    holds.write([{ topic, partition: 0, offset: 0, metadata: "x".repeat(4_097) }], signal()),
  );
  expect(long).toMatchObject({ message: expect.stringContaining("OFFSET_METADATA_TOO_LARGE") });
});
