import { describe, expect, test } from "bun:test";
import { byteMinimums } from "../../../infra/bench/scale-bytes.ts";
import { MEASURED, needsOf, type ScaleCase } from "../../../infra/bench/scale-model.ts";
import { costOfRules, spreadOf } from "../../../infra/bench/scale-simulation.ts";
import { textTable } from "../../../infra/bench/text-table.ts";

const small: ScaleCase = {
  name: "",
  topics: 1_000,
  partitions: 1_000,
  recordsPerSecond: 1e6,
  format: "text",
  cells: 1,
  brokers: 2,
};

describe("what an installation needs", () => {
  test("has room on each host for what it idles, and one host more than records need", () => {
    const needs = needsOf(small);
    const forRecords = (needs?.hostsPerCell ?? 0) - 1;
    const coresLeft = 0.6 - (needs?.idleCorePerHost ?? 0);
    expect(forRecords * coresLeft).toBeGreaterThanOrEqual(MEASURED.hostCpuSecondsPerMillionText);
    expect((forRecords - 1) * coresLeft).toBeLessThan(MEASURED.hostCpuSecondsPerMillionText);
  });

  test("counts every host as a member of every group of its cell, and no other", () => {
    expect(needsOf(small)?.members).toBe(1_000 * (needsOf(small)?.hosts ?? 0));
    const cells = needsOf({ ...small, cells: 10 });
    expect(cells?.members).toBe(100 * (cells?.hosts ?? 0));
  });

  test("is nothing that there is, where waiting alone takes what a host has", () => {
    expect(needsOf({ ...small, topics: 20_000 })).toBeNull();
    expect(needsOf({ ...small, topics: 20_000, cells: 20 })).not.toBeNull();
  });
});

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
