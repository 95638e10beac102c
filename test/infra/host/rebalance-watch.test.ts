import { afterEach, beforeEach, expect, jest, test } from "bun:test";
import { createRebalanceWatch } from "../../../infra/host/rebalance-watch.ts";
import { advance } from "../../support/fake-time.ts";

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

function createWorld(topics: number) {
  const looks: number[] = [];
  const watch = createRebalanceWatch({
    topics: () => topics,
    look: () => void looks.push(Date.now()),
  });
  return { watch, looks };
}

test("one group's rebalance has the others asked about at once, and for 5 s more", async () => {
  const { watch, looks } = createWorld(10);
  await advance(1_000);
  expect(looks).toEqual([]);
  watch.notice();
  await advance(1);
  expect(looks).toHaveLength(1);
  await advance(60_000);
  expect(looks).toHaveLength(21);
  expect((looks.at(-1) ?? 0) - (looks[0] ?? 0)).toBe(5_000);
});

test("rebalances noticed meanwhile ask no oftener, and a later one asks again", async () => {
  const { watch, looks } = createWorld(10);
  for (let n = 0; n < 40; n += 1) {
    watch.notice();
    await advance(10);
  }
  expect(looks).toHaveLength(2);
  await advance(10_000);
  const before = looks.length;
  watch.notice();
  await advance(1);
  expect(looks).toHaveLength(before + 1);
});

test("asks no more than a thousand times a second, however many topics there are", async () => {
  const { watch, looks } = createWorld(2_000);
  watch.notice();
  await advance(60_000);
  expect(looks).toHaveLength(3);
});

test("asks nothing any more once it was stopped", async () => {
  const { watch, looks } = createWorld(1);
  watch.notice();
  await advance(1);
  watch.stop();
  watch.notice();
  await advance(10_000);
  expect(looks).toHaveLength(1);
});
