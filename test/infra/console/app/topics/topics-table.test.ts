import { expect, test } from "bun:test";
import {
  isOutOfOrder,
  keptOrder,
  orderOf,
  parseTopicsQuery,
  tableOf,
  withChanges,
} from "../../../../../infra/console/app/topics/topics-table.ts";
import type { TopicRow } from "../../../../../infra/api/live-messages.ts";

const row = (topic: string, changes: Partial<TopicRow> = {}): TopicRow => ({
  topic,
  state: "running",
  reason: null,
  remedy: null,
  since: 0,
  source: { kind: "etcd", name: `logs/${topic}`, revision: 1, entry: 0 },
  index: topic,
  owned: 1,
  partitions: 1,
  lag: 0,
  rate: 0,
  indexed: 0,
  duplicate: 0,
  deadLettered: 0,
  skipped: 0,
  ...changes,
});
const query = (text: string) => parseTopicsQuery(new URLSearchParams(text));
const rows = (...all: TopicRow[]) => new Map(all.map((one) => [one.topic, one]));

test("trouble first, then lag, then the name", () => {
  const all = rows(
    row("b"),
    row("a"),
    row("behind", { lag: 5 }),
    row("stuck", { state: "stalled" }),
    row("broken", { state: "failed" }),
    row("waits", { state: "pending", lag: null }),
  );
  expect(orderOf(all, query(""))).toEqual(["broken", "stuck", "waits", "behind", "a", "b"]);
});

test("filter looks at topic, index and source, in any case; states narrow it", () => {
  const all = rows(row("app-1", { index: "Orders" }), row("app-2", { state: "failed" }), row("web"));
  expect(orderOf(all, query("q=orders"))).toEqual(["app-1"]);
  expect(orderOf(all, query("q=LOGS/app"))).toEqual(["app-2", "app-1"]);
  expect(orderOf(all, query("q=app&state=running,nonsense"))).toEqual(["app-1"]);
});

test("sorts by any column, both ways; what is not known counts least", () => {
  const all = rows(row("a", { lag: 1 }), row("b", { lag: null }), row("c", { lag: 9 }));
  expect(orderOf(all, query("sort=-lag"))).toEqual(["c", "a", "b"]);
  expect(orderOf(all, query("sort=lag"))).toEqual(["b", "a", "c"]);
  expect(orderOf(all, query("sort=-topic"))).toEqual(["c", "b", "a"]);
  expect(orderOf(all, query("sort=__proto__"))).toEqual(["c", "a", "b"]);
});

test.each([
  ["page=0", 1],
  ["page=-2", 1],
  ["page=two", 1],
  ["page=3", 3],
])("%s is page %d", (text, page) => expect(query(text).page).toBe(page));

test("rows that are shown stay where they are", () => {
  expect(keptOrder(["a", "b", "c"], ["c", "d", "a"])).toEqual(["a", "c", "d"]);
});

test("lag alone does not make problems-first another order, trouble does", () => {
  const before = rows(row("a", { lag: 5 }), row("b", { lag: 1 }));
  const shown = orderOf(before, query(""));
  const isMoved = (now: ReturnType<typeof rows>, text = "") =>
    isOutOfOrder(keptOrder(shown, orderOf(now, query(text))), orderOf(now, query(text)), now, query(text));
  const moved = rows(row("a", { lag: 5 }), row("b", { lag: 9 }));
  expect(isMoved(moved)).toBe(false);
  expect(isMoved(moved, "sort=-lag")).toBe(true);
  expect(isMoved(rows(row("a"), row("b", { state: "stalled" })))).toBe(true);
  expect(isMoved(rows(row("a"), row("b"), row("new")))).toBe(false);
});

test("changes touch what they name alone, whatever it is called", () => {
  const table = tableOf({ at: 1, rows: [row("a"), row("__proto__")], sparks: [["a", [1, 2]]] });
  const next = withChanges(table, {
    at: 2,
    stepped: true,
    rows: [
      ["__proto__", { lag: 7, rate: 3 }],
      ["new", row("new")],
    ],
    gone: ["a"],
  });
  expect([...next.rows.keys()]).toEqual(["__proto__", "new"]);
  expect(next.rows.get("__proto__")).toEqual(row("__proto__", { lag: 7, rate: 3 }));
  expect([...next.sparks]).toEqual([["__proto__", [0, 3]]]);
  expect(table.rows.size).toBe(2);
});

test("between steps of the rates, sparklines are left alone", () => {
  const table = tableOf({ at: 1, rows: [row("a", { rate: 5 })], sparks: [["a", [1, 5]]] });
  const next = withChanges(table, { at: 2, stepped: false, rows: [["a", { lag: 1 }]], gone: [] });
  expect(next.sparks).toBe(table.sparks);
  expect(withChanges(next, { at: 3, stepped: true, rows: [], gone: [] }).sparks.get("a")).toEqual([1, 5, 5]);
});
