import { expect, test } from "bun:test";
import { corpusLines } from "../../../infra/bench/corpus-lines.ts";

const linesOf = async (seed: number, count: number): Promise<string[]> => {
  const next = await corpusLines(seed);
  return Array.from({ length: count }, () => next().toString("latin1"));
};

test("the same seed gives the same records, another one another order, and they never end", async () => {
  const lines = await linesOf(1, 20_000);
  expect(await linesOf(1, 20_000)).toEqual(lines);
  expect(await linesOf(2, 100)).not.toEqual(lines.slice(0, 100));
  // With other numbers each time, most are not the same again.
  expect(new Set(lines).size).toBeGreaterThan(10_000);
});

test("other numbers leave JSON what it is", async () => {
  const isJson = (line: string): boolean => {
    try {
      return typeof JSON.parse(line) === "object";
    } catch {
      return false;
    }
  };
  const lines = await linesOf(1, 5_000);
  // The corpus holds some that are cut off, are text, or have a byte-order mark.
  expect(lines.filter(isJson).length / lines.length).toBeGreaterThan(0.95);
});
