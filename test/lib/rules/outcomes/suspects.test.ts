import { describe, expect, test } from "bun:test";
import { type Doubt, Suspects } from "../../../../lib/rules/outcomes/suspects.ts";
import { sourceRecord } from "../../../support/records.ts";

const doubt: Doubt = { index: "app", status: 500, type: "fail_processor_exception" };
const bad = sourceRecord("bad", { offset: 5 });
const good = sourceRecord("good", { offset: 6 });

/** One whole attempt of `bad`. @returns whether it was proven before */
function refused(suspects: Suspects, how: Doubt = doubt, record = bad): boolean {
  const start = suspects.begin([record]);
  suspects.end(start, [record], [null], { doubts: new Map([[0, how]]), written: new Set() });
  return start.proven.size > 0;
}

function wrote(suspects: Suspects, index = "app", begun = suspects.begin([good])): void {
  suspects.end(begun, [good], ["indexed"], { doubts: new Map(), written: new Set([index]) });
}

function refusedOften(suspects: Suspects): void {
  for (let n = 0; n < 3; n += 1) expect(refused(suspects)).toBe(false);
}

describe("a refusal is the record's own fault", () => {
  test("if others were written after it had been refused the same way three times", () => {
    const suspects = new Suspects();
    refusedOften(suspects);
    expect(suspects.holds([bad])).toBe(true);
    expect(refused(suspects)).toBe(false);
    wrote(suspects);
    expect(suspects.begin([good, bad]).proven).toEqual(new Map([[1, expect.objectContaining(doubt)]]));
  });

  test("but not if nothing is written, however often it is refused", () => {
    const suspects = new Suspects();
    for (let n = 0; n < 50; n += 1) expect(refused(suspects)).toBe(false);
  });

  test("if others were written to a later day's index: nobody may ever write to an old day's again", () => {
    const suspects = new Suspects();
    const how = { ...doubt, index: "app-1970.01.01" };
    for (let n = 0; n < 3; n += 1) refused(suspects, how);
    wrote(suspects, "app-2026.11.29");
    expect(refused(suspects, how)).toBe(true);
  });

  test("but not if others were written to an earlier day's: the new day's index may be what cannot be created", () => {
    const suspects = new Suspects();
    const how = { ...doubt, index: "app-2026.11.30" };
    for (let n = 0; n < 3; n += 1) refused(suspects, how);
    wrote(suspects, "app-2026.11.29");
    expect(refused(suspects, how)).toBe(false);
  });

  test("but not if others were written before", () => {
    const suspects = new Suspects();
    expect(refused(suspects)).toBe(false);
    wrote(suspects);
    expect(refused(suspects)).toBe(false);
    wrote(suspects);
    expect(suspects.holds([bad])).toBe(false);
  });

  test("but not because of an answer already under way: things may have broken in between", () => {
    const suspects = new Suspects();
    const underWay = suspects.begin([good]);
    refusedOften(suspects);
    wrote(suspects, "app", underWay);
    expect(refused(suspects)).toBe(false);
  });

  test("but not because of a refusal already under way while others were written: it may work again by then", () => {
    const suspects = new Suspects();
    refusedOften(suspects);
    const { proven } = suspects.begin([bad]);
    wrote(suspects);
    expect(proven.size).toBe(0);
  });

  test("but not if it is refused in another way: counting starts over", () => {
    const suspects = new Suspects();
    refusedOften(suspects);
    expect(refused(suspects, { ...doubt, type: "script_exception", status: 400 })).toBe(false);
    wrote(suspects);
    expect(suspects.holds([bad])).toBe(false);
    expect(refused(suspects, { ...doubt, type: "script_exception", status: 400 })).toBe(false);
  });

  test("but not if the topic was recreated and has another record at its offset", () => {
    const suspects = new Suspects();
    refusedOften(suspects);
    wrote(suspects);
    expect(suspects.begin([{ ...bad, timestamp: bad.timestamp + 1 }]).proven.size).toBe(0);
  });
});

test("a record with an outcome is forgotten", () => {
  const suspects = new Suspects();
  refusedOften(suspects);
  wrote(suspects);
  const start = suspects.begin([bad]);
  suspects.end(start, [bad], ["indexed"], { doubts: new Map(), written: new Set(["app"]) });
  expect(suspects.begin([bad]).proven.size).toBe(0);
  expect(suspects.holds([bad])).toBe(false);
});

test("records of partitions that moved, or that another host settled, free their room", () => {
  const suspects = new Suspects();
  const others = [sourceRecord("bad", { partition: 1 }), sourceRecord("bad", { offset: 4 })];
  for (const record of [bad, ...others]) for (let n = 0; n < 3; n += 1) refused(suspects, doubt, record);
  suspects.keep(new Map([[0, 5]]));
  expect([bad, ...others].map((record) => suspects.holds([record]))).toEqual([true, false, false]);
  suspects.keep(new Map([[0, null]]));
  expect(suspects.holds([bad])).toBe(true);
});

test("at most ten thousand are known at once", () => {
  const suspects = new Suspects();
  const records = Array.from({ length: 10_001 }, (_, offset) => sourceRecord("bad", { offset }));
  const doubts = new Map(records.keys().map((position) => [position, doubt]));
  for (let n = 0; n < 3; n += 1)
    suspects.end(suspects.begin(records), records, [], { doubts, written: new Set() });
  expect(suspects.holds([sourceRecord("bad", { offset: 9_999 })])).toBe(true);
  expect(suspects.holds([sourceRecord("bad", { offset: 10_000 })])).toBe(false);
});
