import { afterEach, beforeEach, expect, jest, test } from "bun:test";
import { createTailHub, maxTails, tailLinesPerSecond } from "../../../infra/host/tail-hub.ts";
import type { TailLine } from "../../../lib/rules/search/tail-line.ts";
import type { PartitionStatus } from "../../../lib/rules/status.ts";
import { sourceRecord, specification } from "../../support/records.ts";
import { rejection } from "../../support/rejection.ts";
import { partitionStatus } from "../../support/topic-status.ts";

interface Lines {
  readonly lines: readonly TailLine[];
  readonly sent: number;
  readonly notShown: number;
}

const spec = specification();
const ends: (() => void)[] = [];
beforeEach(() => void jest.useFakeTimers());
afterEach(() => {
  for (const end of ends.splice(0)) end();
  jest.useRealTimers();
});

function world(query = "", topics: readonly string[] = ["app"]) {
  const state = { partitions: [partitionStatus()] as readonly PartitionStatus[], ready: true };
  const hub = createTailHub({ partitions: () => state.partitions, now: () => Date.now() });
  const events: { event: string; data: unknown }[] = [];
  const gone = new AbortController();
  ends.push(() => gone.abort());
  const send = (event: string, data: unknown): boolean => {
    if (state.ready) events.push({ event, data });
    return state.ready;
  };
  const follow = () => hub.follow({ topics, query }, send, gone.signal);
  return {
    hub,
    state,
    gone,
    follow,
    following: follow(),
    hellos: () => events.filter(({ event }) => event === "hello").map(({ data }) => data),
    lines: () => events.filter(({ event }) => event === "lines").map(({ data }) => data as Lines),
  };
}

const records = (count: number, value = "a line") =>
  Array.from({ length: count }, (_, offset) => sourceRecord(`${value} ${offset}`, { offset }));
const indexed = (count: number) => Array.from({ length: count }, () => "indexed" as const);

test("shows what was settled, and not what is tried again", () => {
  const { hub, lines } = world();
  hub.tap(spec, records(4), ["indexed", null, "dead-lettered", "skipped"]);
  hub.tap(specification({ topic: "other" }), records(1), indexed(1));
  expect(lines()).toEqual([]);
  jest.advanceTimersByTime(250);
  const [event] = lines();
  expect(event).toMatchObject({ sent: 3, notShown: 0 });
  expect(event?.lines.map(({ offset, outcome }) => [offset, outcome])).toEqual([
    [0, "indexed"],
    [2, "dead-lettered"],
    [3, "skipped"],
  ]);
  jest.advanceTimersByTime(1_000);
  expect(lines()).toHaveLength(1);
});

test.each(["", "line -quiet"])("with the query %p, sent and not shown are all that matched", (query) => {
  const { hub, lines } = world(query);
  for (let second = 0; second < 3; second += 1) {
    hub.tap(spec, records(300), indexed(300));
    if (query !== "") hub.tap(spec, records(50, "quiet line"), indexed(50));
    jest.advanceTimersByTime(1_000);
  }
  const last = lines().at(-1);
  expect(last).toMatchObject({ sent: 3 * tailLinesPerSecond, notShown: 900 - 3 * tailLinesPerSecond });
  expect(lines().flatMap((each) => each.lines)).toHaveLength(3 * tailLinesPerSecond);
});

test("what a reader that is behind did not get is counted, and told once it reads again", () => {
  const { hub, state, lines } = world();
  state.ready = false;
  hub.tap(spec, records(5), indexed(5));
  jest.advanceTimersByTime(250);
  expect(lines()).toEqual([]);
  state.ready = true;
  jest.advanceTimersByTime(250);
  expect(lines()).toEqual([{ lines: [], sent: 0, notShown: 5 }]);
});

test("says which partitions are here, and again when that changes", () => {
  const { state, hellos } = world("", ["app"]);
  expect(hellos()).toEqual([{ topics: { app: { owned: [0], partitions: 1 } } }]);
  jest.advanceTimersByTime(5_000);
  expect(hellos()).toHaveLength(1);
  state.partitions = [partitionStatus({ owned: false }), partitionStatus({ partition: 1 })];
  jest.advanceTimersByTime(1_000);
  expect(hellos()[1]).toEqual({ topics: { app: { owned: [1], partitions: 2 } } });
});

test("is full at its limit, and has room again once a reader has gone", async () => {
  const { hub, follow, following, gone } = world();
  const others = Array.from({ length: maxTails - 1 }, follow);
  expect(hub.isFull).toBe(true);
  gone.abort();
  await Promise.all([following, ...others]);
  expect(hub.isFull).toBe(false);
});

test("looks at no record where nobody reads its topic", async () => {
  const { hub, gone, following } = world();
  gone.abort();
  await following;
  const untouchable = new Proxy(records(1), {
    get() {
      throw new Error("the records were looked at");
    },
  });
  hub.tap(spec, untouchable, indexed(1));
});

test("a fault ends the tail that met it, and not the topic", async () => {
  const { hub, following } = world("a line");
  const broken = { ...sourceRecord("a line"), value: {} as Buffer };
  hub.tap(spec, [broken], indexed(1));
  expect(await rejection(following)).toBeInstanceOf(TypeError);
});
