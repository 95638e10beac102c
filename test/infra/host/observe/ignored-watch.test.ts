import { afterEach, beforeEach, expect, jest, test } from "bun:test";
import type { IgnoredFields } from "../../../../functions/digest-dead-letters/read-ignored-fields.ts";
import { createIgnoredWatch } from "../../../../infra/host/observe/ignored-watch.ts";
import { advance } from "../../../support/fake-time.ts";
import { noneGaveWay } from "../../../support/gave-way.ts";
import { createMemoryLogger } from "../../../support/memory-logger.ts";

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

const field = (name: string, records: number) =>
  ({
    topic: "a",
    field: name,
    records,
    why: "unfit",
    type: "long",
    sample: { index: "a", id: "a:0:1:x" },
  }) as const;

function setUp() {
  const world = {
    now: 0,
    tookMs: 0,
    answer: { ...noneGaveWay, fields: [field("n", 3)] } as IgnoredFields | Error,
    topics: ["a"],
  };
  const asked: (readonly string[])[] = [];
  const shown: [string, [string, number][]][] = [];
  const watch = createIgnoredWatch({
    logger: createMemoryLogger(),
    monotonicMs: () => world.now,
    topics: () => world.topics,
    ask(topics) {
      asked.push(topics);
      world.now += world.tookMs;
      return world.answer instanceof Error ? Promise.reject(world.answer) : Promise.resolve(world.answer);
    },
    show: (topic, documents) => void shown.push([topic, [...documents]]),
  });
  const pass = async (ms: number): Promise<void> => {
    for (let left = ms; left > 0; left -= 5_000) {
      world.now += 5_000;
      await advance(5_000);
    }
  };
  return { watch, world, asked, shown, pass };
}

test("asks once a minute, for the topics that it is told", async () => {
  const { watch, asked, shown, pass } = setUp();
  await pass(5_000);
  expect(asked).toEqual([["a"]]);
  expect(shown).toEqual([["a", [["n", 3]]]]);
  await pass(55_000);
  expect(asked).toHaveLength(1);
  await pass(5_000);
  expect(asked).toHaveLength(2);
  await watch.stop();
});

test("asks more seldom where the answer takes long", async () => {
  const { watch, world, asked, pass } = setUp();
  world.tookMs = 2_000;
  await pass(190_000);
  expect(asked).toHaveLength(1);
  await pass(20_000);
  expect(asked).toHaveLength(2);
  await watch.stop();
});

test("a topic that is another host's now loses its fields; one that gave none has none", async () => {
  const { watch, world, shown, pass } = setUp();
  await pass(5_000);
  world.answer = noneGaveWay;
  await pass(60_000);
  world.topics = [];
  await pass(5_000);
  expect(shown).toEqual([
    ["a", [["n", 3]]],
    ["a", []],
    ["a", []],
  ]);
  await watch.stop();
});

test("what is not told leaves what was, and what the index refused is counted elsewhere", async () => {
  const { watch, world, asked, shown, pass } = setUp();
  world.answer = { ...noneGaveWay, fields: [{ ...field("err", 1), why: "refused", type: null }] };
  await pass(5_000);
  world.answer = { ...noneGaveWay, problems: ["no node answers"] };
  await pass(60_000);
  world.answer = new Error("broken");
  await pass(60_000);
  expect(asked).toHaveLength(3);
  expect(shown).toEqual([["a", []]]);
  await watch.stop();
});
