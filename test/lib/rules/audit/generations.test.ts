import { describe, expect, test } from "bun:test";
import {
  explainByGenerations,
  generationsOf,
  lostItsFirst,
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

test("indices are sorted by age; none are no generations", () => {
  expect(whole.indices.map(({ name }) => name)).toEqual([
    ".ds-logs-2026.11.30-000001",
    ".ds-logs-2026.11.30-000002",
  ]);
  expect(generationsOf("logs", [])).toBeNull();
});

test("a rising number shows that the first index is gone", () => {
  const first = (name: string): boolean => lostItsFirst(generations(name));
  expect(first(".ds-logs-2026.11.30-000001")).toBe(false);
  expect(first(".ds-logs-2026.11.30-000012")).toBe(true);
  expect(first("shrink-x1-.ds-logs-2026.11.30-000002")).toBe(true);
  expect(first("logs-000000")).toBe(false);
  expect(first("logs-000007")).toBe(true);
  expect(first("logs-old")).toBe(false);
  expect(first("logs-2026.11.30")).toBe(false);
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
