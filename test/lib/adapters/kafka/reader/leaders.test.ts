import { expect, test } from "bun:test";
import { seededRandom } from "../../../../../infra/bench/kit/random.ts";
import { createLeaders } from "../../../../../lib/adapters/kafka/reader/leaders.ts";
import type { KafkaWire } from "../../../../../lib/adapters/kafka/protocol/wire.ts";
import { createVirtualTime } from "../../../../simulation/virtual-time.ts";
import { ModelKafka } from "../../../../support/model-kafka.ts";

test("a topic that an answer leaves out holds up nobody", () => {
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

test("whoever waits for the leaders of several topics hears of them, though one is read no more meanwhile", () => {
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
