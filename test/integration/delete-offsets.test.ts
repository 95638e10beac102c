import { afterAll, beforeAll, expect, test } from "bun:test";
import { deleteOffsets } from "../../infra/bench/load/delete-offsets.ts";
import { eventually } from "../support/eventually.ts";
import { connectTestKafka, type TestKafka, uniqueName } from "../support/kafka.ts";
import { testStack } from "../support/stack.ts";

let kafka: TestKafka;
let broker: string;

beforeAll(async () => {
  const { brokers } = await testStack();
  [broker = ""] = brokers;
  kafka = await connectTestKafka(brokers);
});
afterAll(() => kafka[Symbol.asyncDispose]());

test("a group's commits for a topic are deleted once no member reads it, and no other commits", async () => {
  const [group, read, kept] = [uniqueName("group"), uniqueName("read"), uniqueName("kept")];
  for (const topic of [read, kept]) {
    await kafka.createTopic(topic, 2);
    await kafka.produce(topic, [{ value: "a", partition: 0 }]);
  }
  const both = new Map([[read, 2]]);
  // It leaves the group itself; one that stands still for seconds must not be put out.
  const consumer = kafka.kafka.consumer({ groupId: group, sessionTimeout: 60_000 });
  await consumer.connect();
  await consumer.subscribe({ topics: [read, kept], fromBeginning: true });
  await consumer.run({ eachBatch: async () => {} });
  const committed = async (topic: string): Promise<number | undefined> =>
    (await kafka.committed(group, topic)).get(0);
  await eventually(
    "both are committed",
    async () => (await committed(read)) === 1 && (await committed(kept)) === 1,
  );

  expect(await deleteOffsets(broker, group, both)).toBe(false);
  expect(await committed(read)).toBe(1);
  await consumer.disconnect();
  await eventually("nobody reads it", () => deleteOffsets(broker, group, both));
  expect(await committed(read)).toBe(-1);
  expect(await committed(kept)).toBe(1);
  expect(await deleteOffsets(broker, uniqueName("unknown"), both)).toBe(true);
}, 240_000);
