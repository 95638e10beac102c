import { expect, test } from "bun:test";
import { byteMinimums } from "../../../infra/bench/scale-bytes.ts";
import { costOfRules, spreadOf } from "../../../infra/bench/scale-simulation.ts";
import { textTable } from "../../../infra/bench/text-table.ts";

test("the assignor in force spreads topics of one partition evenly", () => {
  expect(spreadOf(30, 3)).toEqual([10, 10, 10]);
  expect(spreadOf(31, 3).toSorted((a, b) => a - b)).toEqual([10, 10, 11]);
});

test("the rules are run for real: topics start, and the next run keeps them", async () => {
  const cost = await costOfRules(20);
  expect(cost.configParseMs).not.toBeNull();
  expect(cost.etcdBytes).toBeGreaterThan(20 * 20);
  expect(cost.metricsBytes).toBeGreaterThan(20 * 100);
  expect(cost.templateBytes).toBeGreaterThan(20 * 10);
});

test("minimums of memory never sum up to more than a quarter", () => {
  expect(byteMinimums(10_000, 4_000_000).togetherBytes).toBe(1_000_000);
  expect(byteMinimums(2, 4_000_000).togetherBytes).toBe(1_000_000);
});

test("a table has its numbers to the right, and a row that is cut short says why", () => {
  const text = textTable([
    ["", "one", "two"],
    ["a", "1", "12,345"],
    ["long name", "does not fit at all"],
  ]);
  expect(text).toBe("           one     two\na            1  12,345\nlong name  does not fit at all\n");
});
