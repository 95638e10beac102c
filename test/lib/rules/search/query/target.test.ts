import { expect, test } from "bun:test";
import {
  maxTargetLength,
  searchTarget,
  targetText,
  widestTarget,
} from "../../../../../lib/rules/search/query/target.ts";
import { specification } from "../../../../support/records.ts";

const inForce = new Map(
  [
    specification({ topic: "a", index: "one" }),
    specification({ topic: "b", index: "one" }),
    specification({ topic: "c", index: "logs-{yyyy.MM.dd}" }),
  ].map((spec) => [spec.topic, spec]),
);

test("is the topics' own indices, each once", () => {
  expect(searchTarget(["a", "b", "c"], inForce, true)).toEqual(["one", "logs-*"]);
});

test("is the aliases for all topics, if templates are managed", () => {
  expect(searchTarget([], inForce, true)).toEqual(["penstock-records", "penstock-streams"]);
  expect(searchTarget([], inForce, false)).toEqual(["one", "logs-*"]);
});

test("for all topics names their indices too, as one that others made lacks the alias, but none of a rebuild", () => {
  const aliases = ["penstock-records", "penstock-streams"];
  expect(searchTarget([], inForce, true, new Set())).toEqual(["one", ...aliases]);
  expect(searchTarget([], inForce, true, new Set(["b", "gone"]))).toEqual(aliases);
  expect(searchTarget([], new Map(), true, new Set())).toEqual([]);
  expect(searchTarget([], inForce, false, new Set())).toEqual(["one", "logs-*"]);
});

test("is the aliases if the names exceed a request line", () => {
  const many = new Map(
    Array.from({ length: 200 }, (_, n) => [`t${n}`, specification({ index: `a-rather-long-index-${n}` })]),
  );
  expect(searchTarget([...many.keys()], many, true)).toEqual(["penstock-records", "penstock-streams"]);
  expect(searchTarget([], many, true, new Set())).toEqual(["penstock-records", "penstock-streams"]);
  const named = searchTarget([...many.keys()], many, false);
  expect(named).toHaveLength(200);
  expect(targetText(named).length).toBeGreaterThan(maxTargetLength);
});

test("with topics that are no longer declared is the aliases too", () => {
  const stream = new Map([["s", specification({ topic: "s", index: "s", dataStream: "s" })]]);
  expect(widestTarget(stream, false)).toEqual(["s"]);
  expect(widestTarget(stream, true)).toEqual(["s", "penstock-records", "penstock-streams"]);
});
