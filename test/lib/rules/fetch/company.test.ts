import { describe, expect, test } from "bun:test";
import { Company, restMs } from "../../../../lib/rules/fetch/company.ts";

describe("the rest after an answer", () => {
  test("grows with the busy partitions; there is none for a few, and it stays short", () => {
    expect([1, 6, 12, 86, 166, 300].map((busy) => restMs(busy, 1_000))).toEqual([0, 0, 3, 40, 80, 80]);
  });

  test("is zero after silence, and after an answer worth a request", () => {
    expect(restMs(300, 0)).toBe(0);
    expect(restMs(300, 64 * 1024)).toBe(0);
  });
});

describe("busy partitions", () => {
  test("each counts once, until it was quiet for two seconds", () => {
    const company = new Company();
    const partitions = Array.from({ length: 20 }, () => ({ busyIn: -1 }));
    for (const partition of partitions) {
      company.note(partition, 5_000);
      company.note(partition, 5_400);
    }
    expect(company.busy(5_900)).toBe(20);
    expect(company.busy(6_900)).toBe(20);
    expect(company.busy(7_000)).toBe(0);
  });

  test("the count of steadily busy ones is the same from second to second", () => {
    const company = new Company();
    const partitions = Array.from({ length: 20 }, () => ({ busyIn: -1 }));
    for (let atMs = 0; atMs < 5_000; atMs += 250) {
      for (const partition of partitions) company.note(partition, atMs);
      expect(company.busy(atMs)).toBe(20);
    }
  });
});
