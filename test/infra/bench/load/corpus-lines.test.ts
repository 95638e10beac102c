import { expect, test } from "bun:test";
import { corpusLines } from "../../../../infra/bench/load/corpus-lines.ts";
import { rounds } from "../../../support/rounds.ts";

const linesOf = async (seed: number, count: number): Promise<string[]> => {
  const next = await corpusLines(seed);
  return Array.from({ length: count }, () => next().toString("latin1"));
};

test("the same seed gives the same records, another one another order, and they never end", async () => {
  const count = rounds(20_000, 4_000);
  const lines = await linesOf(1, count);
  expect(await linesOf(1, count)).toEqual(lines);
  expect(await linesOf(2, 100)).not.toEqual(lines.slice(0, 100));
  // With other numbers each time, most are not the same again.
  expect(new Set(lines).size).toBeGreaterThan(count / 2);
});

test("other numbers leave JSON what it is", async () => {
  const isJson = (line: string): boolean => {
    try {
      return typeof JSON.parse(line) === "object";
    } catch {
      return false;
    }
  };
  const lines = await linesOf(1, rounds(5_000, 1_000));
  // The corpus holds some that are cut off, are text, or have a byte-order mark.
  expect(lines.filter(isJson).length / lines.length).toBeGreaterThan(0.95);
});
