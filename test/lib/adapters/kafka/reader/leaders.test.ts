import { expect, test } from "bun:test";
import { seededRandom } from "../../../../../infra/bench/kit/random.ts";
import { createLeaders } from "../../../../../lib/adapters/kafka/reader/leaders.ts";
import type { KafkaWire } from "../../../../../lib/adapters/kafka/protocol/wire.ts";
import { createVirtualTime } from "../../../../simulation/virtual-time.ts";
import { ModelKafka } from "../../../../support/model-kafka.ts";

test("a topic missing from an answer blocks no waiter", () => {
  const time = createVirtualTime(seededRandom(1));
  const wire: Pick<KafkaWire, "call"> = {
    call: () => Promise.resolve({ brokers: [], topics: [] } as never),
  };
  const leaders = createLeaders({ wire: Object.assign(new ModelKafka(time), wire), time });
  let isTold = false;
  void leaders.find(["a"]).then(() => (isTold = true));
  time.run(time.monotonicMs() + 1_000);
  expect([isTold, leaders.topic("a")]).toEqual([true, null]);
  time.settle(leaders.close(), time.monotonicMs() + 100);
});

test("a waiter for several topics gets its answer even if one of them is no longer read", () => {
  const time = createVirtualTime(seededRandom(1));
  const kafka = new ModelKafka(time);
  for (const topic of ["a", "b", "c"]) kafka.create(topic);
  const leaders = createLeaders({ wire: kafka, time });
  leaders.need("c", 0);
  time.run(time.monotonicMs() + 0.5);
  let isTold = false;
  void leaders.find(["a", "b"]).then(() => (isTold = true));
  leaders.forget("a");
  time.run(time.monotonicMs() + 1_000);
  expect(isTold).toBe(true);
  expect([leaders.of("a", 0), leaders.of("b", 0)]).toEqual([1, 1]);
  time.settle(leaders.close(), time.monotonicMs() + 100);
});
