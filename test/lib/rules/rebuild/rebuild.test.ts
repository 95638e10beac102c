import { expect, test } from "bun:test";
import {
  orderEntry,
  positionEntry,
  positionsOf,
  rebuildOf,
  rebuildsIn,
  stepsIn,
} from "../../../../lib/rules/rebuild/rebuild.ts";
import {
  rebuildOrder as order,
  rebuildPosition as position,
  rebuildStep as step,
} from "../../../support/rebuilds.ts";

test("orders and positions come back as they were written, each of its own topic", () => {
  const entries = [orderEntry("app", order), orderEntry("other", { ...order, id: "two", alias: null })];
  expect(rebuildOf(entries, "app")).toEqual(order);
  expect(rebuildOf(entries, "other")?.alias).toBeNull();
  expect(rebuildOf(entries, "third")).toBeNull();
  const counts = { indexed: 7, duplicate: 2, deadLettered: 1, skipped: 0 };
  const at = position({ partition: 3, start: 4, next: 14, counts, lost: 4, trouble: "away" });
  expect(positionsOf([positionEntry("app", at)], "app", "one")).toEqual(new Map([[3, at]]));
  expect(positionsOf([positionEntry("app", at)], "other", "one").size).toBe(0);
});

test("positions of a rebuild before it do not count", () => {
  const entry = positionEntry("app", position({ id: "zero", next: 9 }));
  expect(positionsOf([entry], "app", "one").size).toBe(0);
});

test("a withdrawn order, and what this version cannot read, is none", () => {
  expect(rebuildOf([orderEntry("app", order)], "app")).toEqual(order);
  expect(rebuildOf([orderEntry("app", null)], "app")).toBeNull();
  for (const metadata of ["{", "null", '{"id":7}'])
    expect(rebuildOf([{ topic: "app", partition: 0, offset: 0, metadata }], "app")).toBeNull();
});

test("a step is kept beside the order, and alone once that has ended", () => {
  const entries = [orderEntry("app", order, step), orderEntry("over", null, step), orderEntry("old", order)];
  expect(rebuildsIn(entries)).toEqual(new Map(["app", "old"].map((topic) => [topic, order])));
  expect(stepsIn(entries)).toEqual(new Map(["app", "over"].map((topic) => [topic, step])));
});

test("metadata stays below Kafka's limit of 4,096 bytes, whatever the trouble", () => {
  const entry = positionEntry("app", position({ trouble: "é".repeat(10_000) }));
  expect(Buffer.byteLength(entry.metadata)).toBeLessThan(4_096);
  expect(positionsOf([entry], "app", "one").get(0)?.trouble).toStartWith("éé");
});
