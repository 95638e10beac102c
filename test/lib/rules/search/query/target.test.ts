import { expect, test } from "bun:test";
import { maxTargetLength, searchTarget, targetText } from "../../../../../lib/rules/search/query/target.ts";
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

test("is the alias for all topics, if it exists", () => {
  expect(searchTarget([], inForce, true)).toEqual(["penstock-records"]);
  expect(searchTarget([], inForce, false)).toEqual(["one", "logs-*"]);
});

test("is the alias if the names exceed a request line", () => {
  const many = new Map(
    Array.from({ length: 200 }, (_, n) => [`t${n}`, specification({ index: `a-rather-long-index-${n}` })]),
  );
  expect(searchTarget([...many.keys()], many, true)).toEqual(["penstock-records"]);
  const named = searchTarget([...many.keys()], many, false);
  expect(named).toHaveLength(200);
  expect(targetText(named).length).toBeGreaterThan(maxTargetLength);
});
