import { expect, test } from "bun:test";
import { seededRandom } from "../../../../../../infra/bench/kit/random.ts";
import { Session } from "../../../../../../lib/adapters/kafka/group/coordinator/session.ts";
import { createVirtualTime } from "../../../../../simulation/virtual-time.ts";

test("while brokers answer and the coordinator does not, tenures are kept for 30 s, but they are sure for 6 s only", () => {
  const time = createVirtualTime(seededRandom(1));
  const coordinator = { brokersAnsweredMs: null as number | null };
  const session = new Session(coordinator, time);
  session.answered(time.monotonicMs());
  const after = (ms: number): readonly [isSure: boolean, isOver: boolean] => {
    time.run(ms);
    coordinator.brokersAnsweredMs = time.monotonicMs();
    return [session.isSure, session.isOver];
  };
  expect(after(5_900)).toEqual([true, false]);
  expect(after(6_100)).toEqual([false, false]);
  expect(after(29_900)).toEqual([false, false]);
  expect(after(30_100)).toEqual([false, true]);
  session.answered(30_000);
  expect(after(30_200)).toEqual([true, false]);
  // A join says nothing about the time before its answer: this process may have been frozen meanwhile.
  expect(after(60_000)).toEqual([false, false]);
  session.restarted();
  expect(after(60_100)).toEqual([false, false]);
});
