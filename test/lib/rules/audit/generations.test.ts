import { describe, expect, test } from "bun:test";
import {
  explainByGenerations,
  generationsOf,
  type Generations,
} from "../../../../lib/rules/audit/generations.ts";

const NOON = Date.UTC(2026, 10, 30, 12);

function generations(...names: string[]): Generations {
  const list = names.map((name, at) => ({ name, createdMs: NOON + at * 1_000, closed: false }));
  const found = generationsOf("logs", list.toReversed());
  if (found === null) throw new Error("no indices");
  return found;
}

const whole = generations(".ds-logs-2026.11.30-000001", ".ds-logs-2026.11.30-000002");
const shortened = generations(".ds-logs-2026.11.30-000002", ".ds-logs-2026.11.30-000003");
const before = { offset: 4, timestamp: NOON - 1 };

test("the oldest index counts, in whatever order they are listed; none are no generations", () => {
  expect(whole).toMatchObject({ oldest: { name: ".ds-logs-2026.11.30-000001" }, closed: null });
  expect(generationsOf("logs", [])).toBeNull();
});

test("a rising number shows that there were older ones", () => {
  const hadOlder = (name: string): boolean => generations(name).hadOlder;
  expect(hadOlder(".ds-logs-2026.11.30-000001")).toBe(false);
  expect(hadOlder(".ds-logs-2026.11.30-000012")).toBe(true);
  expect(hadOlder("shrink-x1-.ds-logs-2026.11.30-000002")).toBe(true);
  expect(hadOlder("logs-000000")).toBe(false);
  expect(hadOlder("logs-000007")).toBe(true);
  expect(hadOlder("logs-old")).toBe(false);
  expect(hadOlder("logs-2026.11.30")).toBe(false);
});

test("closed ones before the oldest open one are as good as deleted; a later one is in the way", () => {
  const of = (...closed: boolean[]) =>
    generationsOf(
      "logs",
      closed.map((one, at) => ({ name: `logs-00000${at + 1}`, createdMs: at, closed: one })),
    );
  expect(of(true, true, false)).toMatchObject({
    oldest: { name: "logs-000003" },
    hadOlder: true,
    closed: null,
  });
  expect(of(true, false, true, false)).toMatchObject({
    oldest: { name: "logs-000002" },
    closed: "logs-000003",
  });
  expect(of(true, true)).toMatchObject({ closed: "logs-000001" });
});

describe("a missing record behind an alias or data stream", () => {
  test("expired: before everything that the oldest index got first, and older than that index", () => {
    expect(explainByGenerations(before, shortened, 5)).toEqual({
      kind: "expired",
      index: "an index of logs before .ds-logs-2026.11.30-000002",
    });
    expect(explainByGenerations(before, shortened, null)).toMatchObject({ kind: "expired" });
  });

  test("was produced after the deleted indices: a gap without doubt", () => {
    expect(explainByGenerations({ offset: 4, timestamp: NOON }, shortened, 5)).toEqual({ kind: "gap" });
    expect(explainByGenerations({ offset: 4, timestamp: NOON }, shortened, null)).toEqual({ kind: "gap" });
  });

  test("lies behind the first offset of the oldest index: a gap that says what else it may be", () => {
    expect(explainByGenerations({ offset: 5, timestamp: NOON - 1 }, shortened, 5)).toEqual({
      kind: "gap",
      perhaps: "or expired with an index of logs before .ds-logs-2026.11.30-000002",
    });
  });

  test("nothing was deleted: a gap, which may be of an index that the topic had before", () => {
    expect(explainByGenerations(before, whole, 5)).toEqual({
      kind: "gap",
      perhaps: "or expired with an index that the topic had before logs",
    });
    expect(explainByGenerations({ offset: 6, timestamp: NOON - 1 }, whole, 5)).toEqual({ kind: "gap" });
    expect(explainByGenerations({ offset: 4, timestamp: NOON }, whole, 5)).toEqual({ kind: "gap" });
  });
});
