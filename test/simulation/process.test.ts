import { expect, test } from "bun:test";
import { seededRandom } from "../../infra/bench/kit/random.ts";
import { sleep } from "../../lib/rules/base/time.ts";
import { createSimulatedProcess } from "./process.ts";
import { createVirtualTime } from "./virtual-time.ts";

function running() {
  const time = createVirtualTime(seededRandom(1));
  const process = createSimulatedProcess({ time });
  const story: string[] = [];
  const answer = async (ms: number, what: string): Promise<void> => {
    await process.reach(sleep(time, ms));
    story.push(`${time.monotonicMs()} ${what}`);
  };
  process.time.after(10, () => story.push(`${time.monotonicMs()} timer`));
  process.time.after(500, () => story.push(`${time.monotonicMs()} late timer`));
  void answer(20, "answer");
  return { time, process, story };
}

test("events during a freeze arrive all at once afterwards", () => {
  const { time, process, story } = running();
  process.freeze();
  time.run(100);
  expect(story).toEqual([]);
  process.thaw();
  time.run(1_000);
  expect(story).toEqual(["100 timer", "100 answer", "500 late timer"]);
  expect(process.timers).toBe(0);
});

test("a killed process does nothing more", () => {
  const { time, process, story } = running();
  time.run(15);
  process.kill();
  time.run(1_000);
  expect(story).toEqual(["10 timer"]);
});

test("a timer that is called off by what was held before it does not act", () => {
  const { time, process, story } = running();
  const callOff = process.time.after(50, () => story.push("called off"));
  process.time.after(40, callOff);
  process.freeze();
  time.run(100);
  process.thaw();
  time.run(100);
  expect(story).toEqual(["100 timer", "100 answer"]);
  expect(process.timers).toBe(1);
});
