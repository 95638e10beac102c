import { expect, test } from "bun:test";
import { Doubts } from "../../../../lib/rules/offsets/doubts.ts";
import { sourceRecord } from "../../../support/records.ts";

const at = (partition: number, offset: number) => sourceRecord("m", { partition, offset });

test("records below what earlier tenures may have sent are doubtful, until they are committed", () => {
  const doubts = new Doubts();
  doubts.begin(0, 5, 5);
  expect(doubts.isEmpty).toBe(true);
  doubts.begin(0, 5, 8);
  expect([7, 8].map((offset) => doubts.covers(at(0, offset)))).toEqual([true, false]);
  expect(doubts.covers(at(1, 7))).toBe(false);
  doubts.committed(0, 7);
  expect(doubts.covers(at(0, 7))).toBe(true);
  doubts.committed(0, 8);
  expect(doubts.isEmpty).toBe(true);
});

test("an attempt keeps its doubt as it was: only its doubtful records, settled unless one of them is not", () => {
  const doubts = new Doubts();
  doubts.begin(0, 0, 3);
  doubts.begin(1, 0, 2);
  expect(doubts.of([at(0, 3), at(2, 0)])).toBeNull();
  const settled = doubts.of([at(0, 2), at(0, 3), at(1, 1)]);
  doubts.committed(0, 3);
  expect(settled?.isSettled).toBe(true);
  expect([at(0, 2), at(0, 3), at(1, 1), at(1, 2)].map((record) => settled?.covers(record))).toEqual([
    true,
    false,
    true,
    false,
  ]);
  doubts.raise(1, 2);
  expect(doubts.of([at(1, 0), at(0, 0)])?.isSettled).toBe(false);
});

test("what this host sent in vain is doubtful and not settled, also if the next tenure has begun or is about to", () => {
  const doubts = new Doubts();
  doubts.begin(0, 0, 4);
  doubts.raise(0, 9);
  expect(doubts.of([at(0, 8)])?.isSettled).toBe(false);
  doubts.disowned(0);
  expect(doubts.isEmpty).toBe(true);
  doubts.raise(0, 9);
  doubts.begin(0, 2, 4);
  expect(doubts.of([at(0, 8)])?.isSettled).toBe(false);
});
