import { expect, test } from "bun:test";
import type { HistoryEvent } from "../../../../lib/rules/history/event.ts";
import { HistoryStore } from "../../../../lib/rules/history/history-store.ts";
import {
  encodeRecord,
  eventRecordsOf,
  type HistoryRecord,
  parseRecord,
  type StepRecord,
  type TopicStep,
} from "../../../../lib/rules/history/record.ts";
import { COARSE_STEP_MS, FINE_STEP_MS } from "../../../../lib/rules/history/series-store.ts";

const hour = 3_600_000;
const day = 24 * hour;
/** A round time: minutes and tens of minutes begin here. */
const start = Date.UTC(2026, 10, 30, 12);

const topicStep = (topic: string, indexed: number, lag: number | null = 0): TopicStep => ({
  topic,
  lag,
  indexed,
  duplicate: 0,
  deadLettered: 0,
  skipped: 0,
});
const minute = (at: number, topics: TopicStep[], changes: Partial<StepRecord> = {}): StepRecord => ({
  kind: "step",
  run: "r1",
  at,
  stepMs: FINE_STEP_MS,
  part: 0,
  topics,
  ...changes,
});
/** With a clock ahead of all records, unless one is given. */
class Store extends HistoryStore {
  override add(record: HistoryRecord, nowMs = Infinity): void {
    super.add(record, nowMs);
  }
}
const newest = <T>(values: readonly T[], count: number) => values.slice(-count);

test("what hosts moved in a minute is added up, by topic and in total; a minute of which nobody told is unknown", () => {
  const store = new Store(start, 7 * day);
  store.add(minute(start, [topicStep("a", 60, 5), topicStep("b", 6)]));
  store.add(minute(start, [topicStep("a", 30, 7)], { run: "r2" }));
  // Nothing moved, but somebody was there.
  store.add(minute(start + 2 * FINE_STEP_MS, []));
  const now = start + 3 * FINE_STEP_MS + 20_000;
  const total = store.series(null, hour, now);
  expect(total.from + total.indexed.length * FINE_STEP_MS).toBe(start + 3 * FINE_STEP_MS);
  expect(newest(total.indexed, 4)).toEqual([null, 96, null, 0]);
  expect(newest(total.lag, 4)).toEqual([null, 12, null, 0]);
  expect(newest(store.series("b", hour, now).indexed, 3)).toEqual([6, null, 0]);
  expect(newest(store.series("unknown", hour, now).indexed, 3)).toEqual([0, null, 0]);
  expect(store.series("a", day, start + COARSE_STEP_MS + 20_000).indexed.at(-1)).toBe(90);
  expect(store.series("a", day, start + COARSE_STEP_MS + 20_000).lag.at(-1)).toBe(12);
});

test("a record that comes twice counts once, and the order does not matter", () => {
  const store = new Store(start, 7 * day);
  const records = [0, 1, 2].map((at) => minute(start + at * FINE_STEP_MS, [topicStep("a", at + 1)]));
  for (const record of [...records.toReversed(), ...records]) store.add(record);
  const now = start + 3 * FINE_STEP_MS + 20_000;
  expect(newest(store.series("a", hour, now).indexed, 3)).toEqual([1, 2, 3]);
  store.add(minute(start, [topicStep("c", 5)], { part: 1 }));
  expect(newest(store.series(null, hour, now).indexed, 3)).toEqual([6, 2, 3]);
});

test("a lag that one host does not know does not hide another's; unknown to all is a gap, not 0", () => {
  const store = new Store(start, 7 * day);
  store.add(minute(start, [topicStep("a", 0, null)]));
  const now = start + FINE_STEP_MS + 20_000;
  expect(store.series("a", hour, now).lag.at(-1)).toBeNull();
  store.add(minute(start, [topicStep("a", 0, 4)], { run: "r2" }));
  store.add(minute(start, [topicStep("a", 0, null)], { run: "r3" }));
  expect(store.series("a", hour, now).lag.at(-1)).toBe(4);
});

test("long steps count before the minutes begin, and not where these are read", () => {
  const store = new Store(start, 7 * day);
  const { minutesFromMs, lastingFromMs } = store.reach(start);
  expect([minutesFromMs, lastingFromMs]).toEqual([start - 6 * hour, start - 7 * day]);
  const long = { stepMs: COARSE_STEP_MS };
  store.add(minute(minutesFromMs - COARSE_STEP_MS, [topicStep("a", 7, 3)], long));
  store.add(minute(minutesFromMs, [topicStep("a", 1_000)], long));
  store.add(minute(minutesFromMs - FINE_STEP_MS, [topicStep("a", 1_000)]));
  store.add(minute(minutesFromMs, [topicStep("a", 2)]));
  const { indexed, lag } = store.series("a", day, start + 20_000);
  expect(indexed.filter((count) => count !== null)).toEqual([7, 2]);
  expect(lag.filter((count) => count !== null)).toEqual([3, 0]);
});

test("old slots are reused, and old events forgotten", () => {
  const store = new Store(start, day);
  store.add(minute(start, [topicStep("a", 60, 9)]));
  const event = {
    host: "h",
    kind: "host",
    topics: [],
    more: false,
    text: "the host started",
    fields: {},
  } as const;
  store.add({ kind: "events", run: "r1", seq: 0, events: [{ at: start, ...event }] });
  const later = start + day + 20 * FINE_STEP_MS;
  store.add(minute(later, [topicStep("b", 1)]));
  const everything = { topic: null, kinds: [], fromMs: 0, toMs: Infinity };
  expect(store.events(everything, 10, start + hour)).toHaveLength(1);
  expect(store.events(everything, 10, later)).toEqual([]);
  const { indexed, lag } = store.series(null, day, later + COARSE_STEP_MS + 20_000);
  expect(indexed.filter((count) => count !== null)).toEqual([1]);
  expect(lag.filter((count) => count !== null)).toEqual([0]);
});

test("pages of events do not split what happened at the same time", () => {
  const store = new Store(start, day);
  const eventAt = (ms: number, place: number): HistoryEvent => {
    const topics = [`t${place}`];
    return {
      at: start + ms,
      host: "h",
      kind: "trouble",
      topics,
      more: false,
      text: "a topic stalled",
      fields: {},
    };
  };
  store.add({ kind: "events", run: "r1", seq: 0, events: [3, 1, 2, 2, 2].map(eventAt) });
  const find = (toMs: number, topic: string | null = null) =>
    store.events({ topic, kinds: ["trouble"], fromMs: 0, toMs }, 2, start).map((one) => one.at - start);
  expect(find(Infinity)).toEqual([3, 2, 2, 2]);
  expect(find(start + 2)).toEqual([1]);
  expect(find(Infinity, "t2")).toEqual([2]);
  expect(store.events({ topic: null, kinds: ["replay"], fromMs: 0, toMs: Infinity }, 2, start)).toEqual([]);
});

const read = (text: string) => parseRecord(Buffer.from(text));

test("records are read as they were written; anything else is passed over", () => {
  const step = minute(start, [
    { topic: "__proto__", lag: null, indexed: 1, duplicate: 2, deadLettered: 3, skipped: 4 },
  ]);
  expect(read(encodeRecord(step))).toEqual(step);
  for (const text of ["", "[]", "{}", '{"v":2}', '{"v":1,"run":"r","at":-1,"stepMs":1,"part":0,"topics":[]}'])
    expect(read(text)).toBeNull();
  const odd =
    '{"v":1,"run":"r","at":0,"stepMs":60000,"part":0,"topics":[["a",1],["b",0,1,0,0,-1],["c",0,1,0,0,0]]}';
  expect(read(odd)).toMatchObject({ topics: [{ topic: "c", indexed: 1 }] });
  expect(read('{"v":1,"run":"r","seq":0,"events":[{"at":"now"},null]}')).toMatchObject({ events: [] });
});

const stalled: HistoryEvent = {
  at: start,
  host: "h",
  kind: "trouble",
  topics: ["app"],
  more: false,
  text: "a topic stalled",
  fields: { reason: "it is so" },
};
const eventsText = (changes: object) =>
  JSON.stringify({ v: 1, run: "r", seq: 0, events: [{ ...stalled, ...changes }] });
const readEvents = (text: string) => {
  const record = read(text);
  return record?.kind === "events" ? record.events : null;
};

test("an event that was read is bounded like our own, however deep and large it was written", () => {
  expect(readEvents(eventsText({}))).toEqual([stalled]);
  const deep = eventsText({ fields: { a: "DEEP" } }).replace(
    '"DEEP"',
    `${"[".repeat(40_000)}${"]".repeat(40_000)}`,
  );
  expect(JSON.stringify(readEvents(deep)).length).toBeLessThan(500);
  const many = Object.fromEntries(Array.from({ length: 500 }, (_, at) => [`f${at}`, "x".repeat(400)]));
  const grid = Array(50).fill(Array(50).fill(Array(50).fill(1)));
  const long = "x".repeat(200_000);
  for (const large of [
    { fields: many },
    { fields: { grid } },
    { text: long },
    { host: long },
    { topics: Array(9_000).fill("t") },
  ])
    expect(JSON.stringify(readEvents(eventsText(large))).length).toBeLessThan(10_000);
  expect(readEvents(eventsText({ topics: ["t".repeat(9_000)] }))).toMatchObject([{ topics: [], more: true }]);
});

test("what is too large, or has no topic's name, is passed over", () => {
  expect(read(encodeRecord(minute(start, [topicStep("x".repeat(300), 1)])))).toMatchObject({ topics: [] });
  expect(read(eventsText({ text: "x".repeat(600_000) }))).toBeNull();
  expect(read(encodeRecord(minute(start, [], { run: "r".repeat(101) })))).toBeNull();
});

test("events that are told together are written in records that can be read back", () => {
  const many = Array.from({ length: 6_000 }, (_, place) => ({ ...stalled, topics: [`t${place}`] }));
  const records = eventRecordsOf("r1", 7, many);
  expect(records.map(({ seq }) => seq)).toEqual(records.map((_, place) => 7 + place));
  const back = records.flatMap((record) => readEvents(encodeRecord(record)) ?? []);
  expect(back).toEqual(many);
  expect(eventRecordsOf("r1", 0, many.slice(0, 3))).toHaveLength(1);
});

test("a thousand topics with the longest names fit into one record", () => {
  const topics = Array.from({ length: 1_000 }, (_, place) => ({
    ...topicStep(String(place).padStart(249, "t"), Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER),
    duplicate: Number.MAX_SAFE_INTEGER,
    deadLettered: Number.MAX_SAFE_INTEGER,
    skipped: Number.MAX_SAFE_INTEGER,
  }));
  expect(read(encodeRecord(minute(start, topics)))).toMatchObject({ topics: { length: 1_000 } });
});

test("a host whose clock is fast does not push out what others told", () => {
  const store = new Store(start, 7 * day);
  const now = start + FINE_STEP_MS + 20_000;
  const event = {
    host: "h",
    kind: "trouble",
    topics: [],
    more: false,
    text: "a topic stalled",
    fields: {},
  } as const;
  store.add(minute(start, [topicStep("a", 60)]), now);
  store.add(minute(start + day, [topicStep("a", 1)], { run: "fast" }), now);
  const events = [
    { at: start + day, ...event },
    { at: start + COARSE_STEP_MS, ...event },
  ];
  store.add({ kind: "events", run: "fast", seq: 0, events }, now);
  expect(store.series("a", hour, now).indexed.at(-1)).toBe(60);
  const everything = { topic: null, kinds: [], fromMs: 0, toMs: Infinity };
  expect(store.events(everything, 10, now).map(({ at }) => at)).toEqual([start + COARSE_STEP_MS]);
});
