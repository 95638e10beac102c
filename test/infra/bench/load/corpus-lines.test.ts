import { expect, test } from "bun:test";
import { corpusLines } from "../../../../infra/bench/load/corpus-lines.ts";
import { rounds } from "../../../support/rounds.ts";

const linesOf = async (seed: number, count: number): Promise<string[]> => {
  const next = await corpusLines(seed);
  return Array.from({ length: count }, () => next().toString("latin1"));
};

test("a seed determines the order of the records, and they never end", async () => {
  const count = rounds(20_000, 4_000);
  const lines = await linesOf(1, count);
  expect(await linesOf(1, count)).toEqual(lines);
  expect(await linesOf(2, 100)).not.toEqual(lines.slice(0, 100));
  // The numbers differ each time, so most records are unique.
  expect(new Set(lines).size).toBeGreaterThan(count / 2);
});

test("changed numbers leave JSON valid", async () => {
  const isJson = (line: string): boolean => {
    try {
      return typeof JSON.parse(line) === "object";
    } catch {
      return false;
    }
  };
  const lines = await linesOf(1, rounds(5_000, 1_000));
  // Some records of the corpus are cut off, are text, or have a byte-order mark.
  expect(lines.filter(isJson).length / lines.length).toBeGreaterThan(0.95);
});
