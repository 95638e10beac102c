import { expect, test } from "bun:test";
import { createFinding } from "../../../../../lib/rules/audit/against/finding.ts";

test("offsets become ranges, by partition and offset, however the partitions took turns", () => {
  const finding = createFinding();
  for (const [partition, offset] of [
    [1, 5],
    [0, 3],
    [1, 6],
    [0, 4],
    [0, 9],
  ] as const)
    finding.add(partition, offset);
  finding.addUnplaced(2);
  expect(finding.build()).toEqual({
    count: 7,
    at: [
      { partition: 0, from: 3, to: 4 },
      { partition: 0, from: 9, to: 9 },
      { partition: 1, from: 5, to: 6 },
    ],
  });
  expect(finding.isCut).toBe(false);
});

test("only the first thousand ranges of a partition are kept; all are counted", () => {
  const finding = createFinding();
  for (let offset = 0; offset < 3_000; offset += 2) finding.add(0, offset);
  const { count, at } = finding.build();
  expect([count, at.length, finding.isCut]).toEqual([1_500, 1_000, true]);
});
