import { expect, test } from "bun:test";
import { Doubts } from "../../../../lib/rules/offsets/doubts.ts";
import { sourceRecord } from "../../../support/records.ts";

const at = (partition: number, offset: number) => sourceRecord("m", { partition, offset });

const tenures = [{ partition: 0 }, { partition: 1 }] as const;

test("records below what earlier tenures may have sent are doubtful, until they are committed", () => {
  const doubts = new Doubts();
  doubts.begin(tenures[0], 5, 5, null);
  expect(doubts.isEmpty).toBe(true);
  doubts.begin(tenures[0], 5, 8, null);
  expect([7, 8].map((offset) => doubts.covers(at(0, offset)))).toEqual([true, false]);
  expect(doubts.covers(at(1, 7))).toBe(false);
  doubts.committed(0, 7);
  expect(doubts.covers(at(0, 7))).toBe(true);
  doubts.committed(0, 8);
  expect(doubts.isEmpty).toBe(true);
});

test("an attempt keeps its doubt as it was: only its doubtful records, settled unless one of them is not", () => {
  const doubts = new Doubts();
  doubts.begin(tenures[0], 0, 3, null);
  doubts.begin(tenures[1], 0, 2, null);
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
  doubts.raise(1, 2, null);
  expect(doubts.of([at(1, 0), at(0, 0)])?.isSettled).toBe(false);
});

test("what this host sent in vain is doubtful and not settled, also if the next tenure has begun or is about to", () => {
  const doubts = new Doubts();
  doubts.begin(tenures[0], 0, 4, null);
  doubts.raise(0, 9, null);
  expect(doubts.of([at(0, 8)])?.isSettled).toBe(false);
  doubts.disowned(tenures[0]);
  doubts.expect(tenures[0], false);
  expect(doubts.isEmpty).toBe(true);
  doubts.raise(0, 9, null);
  doubts.begin(tenures[0], 2, 4, null);
  expect(doubts.of([at(0, 8)])?.isSettled).toBe(false);
});

test("of a partition that is not ours nothing is kept: it may never come back, or after a rewind", () => {
  const doubts = new Doubts();
  doubts.raise(0, 9, "app-1");
  doubts.begin(tenures[1], 0, 4, null);
  doubts.disowned(tenures[1]);
  doubts.raise(1, 9, "app-1");
  expect(doubts.isEmpty).toBe(true);
  // Whoever looks it up sees what was sent until then.
  doubts.expect(tenures[1], false);
  doubts.raise(1, 9, "app-1");
  doubts.expect(tenures[1], false);
  doubts.begin(tenures[1], 0, 0, null);
  expect(doubts.isEmpty).toBe(true);
});

test("what a tenure leaves in doubt stays so if the next one has begun to look meanwhile", () => {
  const doubts = new Doubts();
  doubts.begin(tenures[0], 0, 0, null);
  const next = { partition: 0 };
  doubts.raise(0, 4, null);
  doubts.expect(next, true);
  doubts.disowned(tenures[0]);
  doubts.raise(0, 9, null);
  doubts.begin(next, 0, 0, null);
  expect(doubts.of([at(0, 8)])?.isSettled).toBe(false);
  doubts.disowned(next);
  expect(doubts.isEmpty).toBe(true);
});

test("a commit names the former places while records beyond it are doubtful, eight at most", () => {
  const doubts = new Doubts();
  doubts.begin(tenures[0], 0, 4, "old,app-1");
  doubts.raise(0, 3, "app-1");
  expect(doubts.placeAfter(0, 3, "app-2")).toBe("old,app-1,app-2");
  expect(doubts.placeAfter(0, 3, "old")).toBe("app-1,old");
  expect(doubts.placeAfter(0, 4, "app-2")).toBe("app-2");
  expect(doubts.placeAfter(1, 0, "app-2")).toBe("app-2");
  for (let n = 0; n < 20; n += 1) doubts.raise(0, 4, `index-${n}`);
  expect(doubts.placeAfter(0, 0, "app")?.split(",")).toHaveLength(8);
  expect(doubts.placeAfter(0, 0, "app")).toEndWith("index-18,index-19,app");
});
