import { expect, test } from "bun:test";
import { createHomeFinder } from "../../../../lib/rules/audit/home.ts";
import { sourceRecord, specification } from "../../../support/records.ts";

test("a day or a field chooses the home; a single index, alias or stream has none of its records apart", () => {
  const homeOf = (index: string) => createHomeFinder(specification({ index }))(sourceRecord("m"));
  expect(["app", "app-{yyyy.MM.dd}"].map(homeOf)).toEqual([null, "app-2026.01.02"]);
});

test("the home is that of the declared time, whatever time stands in for another reader", () => {
  const spec = specification({ index: "app-{yyyy.MM.dd}", format: "json", timestamp: "at" });
  const homeOf = createHomeFinder(spec);
  const standIn = { readAtMs: 0, nearestMs: 0 };
  expect(homeOf(sourceRecord('{"at":"2026-03-04T05:06:07Z"}'))).toBe("app-2026.03.04");
  expect(homeOf(sourceRecord('{"at":"2026-03-04T05:06:07Z"}', { timestamp: -1, standIn }))).toBe(
    "app-2026.03.04",
  );
  expect(homeOf(sourceRecord('{"m":1}', { timestamp: -1, standIn }))).toBeNull();
  expect(homeOf(sourceRecord(null))).toBeNull();
});

test("an index that fields choose is a home once the topic uses it", () => {
  const taken = new Set<string>();
  const known = { choose: () => "app-a", isTaken: (name: string) => taken.has(name) };
  const homeOf = createHomeFinder(specification({ index: "app-{host.name}", format: "json" }), known);
  expect(homeOf(sourceRecord("{}"))).toBeNull();
  taken.add("app-a");
  expect(homeOf(sourceRecord("{}"))).toBe("app-a");
});
