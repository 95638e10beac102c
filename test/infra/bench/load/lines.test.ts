import { expect, test } from "bun:test";
import { createLineSource } from "../../../../infra/bench/load/lines.ts";
import { percentile } from "../../../../infra/bench/kit/median.ts";
import { rounds } from "../../../support/rounds.ts";

const take = (format: "text" | "json", seed: number, count: number): string[] =>
  Array.from({ length: count }, createLineSource(format, seed));

test("a seed determines the lines", () => {
  expect(take("text", 1, 100)).toEqual(take("text", 1, 100));
  expect(take("text", 1, 100)).not.toEqual(take("text", 2, 100));
});

test("text lines are as long as those of system logs: about 140 bytes, few much longer", () => {
  const lengths = take("text", 1, rounds(20_000, 5_000)).map((line) => Buffer.byteLength(line));
  const mean = lengths.reduce((sum, length) => sum + length, 0) / lengths.length;
  expect(mean).toBeGreaterThan(130);
  expect(mean).toBeLessThan(150);
  expect(percentile(lengths, 0.5)).toBeLessThan(mean);
  expect(percentile(lengths, 0.99)).toBeGreaterThan(3 * mean);
});

test("JSON records are objects of about 1 KB", () => {
  const lines = take("json", 1, rounds(2_000, 500));
  const mean = lines.reduce((sum, line) => sum + Buffer.byteLength(line), 0) / lines.length;
  expect(mean).toBeGreaterThan(1_000);
  expect(mean).toBeLessThan(1_200);
  for (const line of lines) expect(JSON.parse(line)).toMatchObject({ logger: expect.any(String) });
});
