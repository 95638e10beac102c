import { afterEach, beforeEach, expect, jest, test } from "bun:test";
import {
  createTailHub,
  maxTails,
  tapBudgetMs,
  tapLimitMs,
  tailLinesPerSecond,
} from "../../../../infra/host/services/tail-hub.ts";
import type { TailLine } from "../../../../lib/rules/search/hits/tail-line.ts";
import type { PartitionStatus } from "../../../../lib/rules/progress/status.ts";
import { maxLooks } from "../../../../lib/rules/search/grammar/match.ts";
import { parseQuery } from "../../../../lib/rules/search/grammar/parse.ts";
import { createMemoryLogger } from "../../../support/memory-logger.ts";
import { sourceRecord, specification } from "../../../support/records.ts";
import { rejection } from "../../../support/rejection.ts";
import { partitionStatus } from "../../../support/topic-status.ts";

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
  const state = { partitions: [partitionStatus()] as readonly PartitionStatus[], ready: true, msPerLook: 0 };
  const failures = createMemoryLogger();
  const beganAt = Date.now();
  let spentMs = 0;
  const hub = createTailHub({
    now: () => 0,
    failures,
    partitions: () => state.partitions,
    monotonicMs: () => (spentMs += state.msPerLook) + Date.now() - beganAt,
    later: (act) => void setTimeout(act, 0),
  });
  const events: { event: string; data: unknown }[] = [];
  const gone = new AbortController();
  ends.push(() => gone.abort());
  const send = (event: string, data: unknown): boolean => {
    if (state.ready) events.push({ event, data });
    return state.ready;
  };
  const follow = () => hub.follow({ topics, query: parseQuery(query) }, send, gone.signal);
  return {
    hub,
    failures,
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

test("a limit that is too low for all is shared by all partitions, and lines come by time", () => {
  const { hub, lines } = world();
  for (const partition of [3, 1, 0, 2]) {
    const batch = Array.from({ length: 400 }, (_, offset) =>
      sourceRecord(`line ${offset}`, { partition, offset, timestamp: 1_764_500_000_000 + offset }),
    );
    hub.tap(spec, batch, indexed(400));
  }
  jest.advanceTimersByTime(250);
  const [shown] = lines();
  const byPartition = Map.groupBy(shown?.lines ?? [], ({ partition }) => partition);
  expect([...byPartition.values()].map(({ length }) => length)).toEqual([50, 50, 50, 50]);
  const times = shown?.lines.map(({ timestamp }) => Date.parse(timestamp ?? "")) ?? [];
  expect(times).toEqual(times.toSorted((a, b) => a - b));
  expect(shown).toMatchObject({ sent: 200, notShown: 1_400 });
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

test("looks at no record where nobody reads its topic, or nobody any more", async () => {
  const { hub, gone, following, failures } = world();
  let touched = 0;
  const watched = new Proxy(records(1), {
    get(target, name, receiver) {
      touched += 1;
      return Reflect.get(target, name, receiver);
    },
  });
  hub.tap(specification({ topic: "other" }), watched, indexed(1));
  hub.tap(spec, watched, indexed(1));
  gone.abort();
  await following;
  hub.tap(spec, watched, indexed(1));
  jest.advanceTimersByTime(1_000);
  expect([touched, failures.lines]).toEqual([0, []]);
});

test("whoever taps goes on first", () => {
  const { hub } = world("line");
  const record = sourceRecord("a line");
  let decoded = 0;
  Object.defineProperty(record, "value", { get: () => ((decoded += 1), Buffer.from("a line")) });
  hub.tap(spec, [record], indexed(1));
  expect(decoded).toBe(0);
  jest.advanceTimersByTime(1);
  expect(decoded).toBeGreaterThan(0);
});

test("a record is read once, however many look at it", () => {
  const { hub, follow, lines } = world("line");
  for (let more = 1; more < maxTails; more += 1) void follow();
  const record = sourceRecord("a line");
  const { value } = record;
  let read = 0;
  Object.defineProperty(record, "value", { get: () => ((read += 1), value) });
  hub.tap(spec, [record], indexed(1));
  jest.advanceTimersByTime(250);
  expect(lines()).toHaveLength(maxTails);
  // For its size, and by the encoder of its document.
  expect(read).toBeLessThan(maxTails / 2);
});

test("one batch is looked at for its time at most; the rest is not shown", () => {
  const { hub, state, lines, follow } = world("line");
  void follow();
  state.msPerLook = 0.25;
  hub.tap(spec, records(100, `line ${"x".repeat(10_000)}`), indexed(100));
  jest.advanceTimersByTime(1);
  state.msPerLook = 0;
  jest.advanceTimersByTime(249);
  expect(lines()).toHaveLength(2);
  for (const { lines: shown, sent, notShown } of lines()) {
    expect(sent).toBe(shown.length);
    expect(sent).toBeGreaterThan(0);
    expect(sent).toBeLessThanOrEqual(tapBudgetMs / 0.25);
    expect(sent + notShown).toBe(100);
  }
  // The next batch has a time of its own.
  hub.tap(spec, records(1), indexed(1));
  jest.advanceTimersByTime(250);
  expect(lines().at(-1)?.lines).toHaveLength(1);
});

test("nor does a small batch take long, though its tails do", () => {
  const { hub, state, lines } = world("line");
  state.msPerLook = 50;
  hub.tap(spec, records(100), indexed(100));
  jest.advanceTimersByTime(1);
  state.msPerLook = 0;
  jest.advanceTimersByTime(249);
  const { sent = 0, notShown } = lines()[0] ?? {};
  expect(sent).toBeWithin(2, tapLimitMs / 50 + 1);
  expect(notShown).toBe(100 - sent);
});

test("a record that is too much for a search is not shown and counted; others are shown", () => {
  const { hub, lines } = world("list: wanted");
  const json = specification({ format: "json" });
  const list = Array.from({ length: maxLooks + 1 }, (_, n) => n);
  const batch = [{ list: [...list, "wanted"] }, { list: ["wanted"] }, { list: ["other"] }];
  hub.tap(
    json,
    batch.map((value, offset) => sourceRecord(JSON.stringify(value), { offset })),
    indexed(3),
  );
  jest.advanceTimersByTime(250);
  expect(lines()).toMatchObject([{ lines: [{ offset: 1 }], sent: 1, notShown: 1 }]);
});

test("a fault ends the tail that met it, and neither the topic nor whoever taps", async () => {
  const { hub, following } = world("a line");
  const broken = { ...sourceRecord("a line"), value: {} as Buffer };
  hub.tap(spec, [broken], indexed(1));
  jest.advanceTimersByTime(1);
  expect(await rejection(following)).toBeInstanceOf(TypeError);
});

test("a fault that is no tail's is logged, and the tails go on", () => {
  const { hub, failures, lines } = world();
  const broken = new Proxy(records(1), {
    get() {
      throw new Error("the records broke");
    },
  });
  hub.tap(spec, broken, indexed(1));
  hub.tap(spec, records(1), indexed(1));
  jest.advanceTimersByTime(250);
  expect(failures.lines).toMatchObject([
    { level: "error", fields: { topic: "app", reason: "tail_fault", error: "the records broke" } },
  ]);
  expect(lines()).toMatchObject([{ sent: 1 }]);
});

test("a fault in what is told now and then ends that tail, which leaves nothing behind", async () => {
  const { hub, state, follow, following } = world();
  Object.defineProperty(state, "partitions", {
    get() {
      throw new Error("the partitions broke");
    },
  });
  jest.advanceTimersByTime(1_000);
  expect(await rejection(following)).toMatchObject({ message: "the partitions broke" });
  // As does one that is met at the greeting.
  expect(await rejection(follow())).toMatchObject({ message: "the partitions broke" });
  const record = sourceRecord("a line");
  let read = 0;
  Object.defineProperty(record, "value", { get: () => ((read += 1), Buffer.from("a line")) });
  hub.tap(spec, [record], indexed(1));
  jest.advanceTimersByTime(1_000);
  expect(read).toBe(0);
});
