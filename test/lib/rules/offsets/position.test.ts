import { describe, expect, test } from "bun:test";
import {
  describeLost,
  lostOffsets,
  resumeAt,
  type CommittedPosition,
} from "../../../../lib/rules/offsets/position.ts";

const checkpoint = { offset: 98, timestamp: 7 };
const position = (changes: Partial<CommittedPosition>): CommittedPosition => ({
  partition: 3,
  committed: 100,
  checkpoint,
  logStart: 0,
  logEnd: 200,
  ...changes,
});

describe("reading goes on", () => {
  test.each([
    ["where the group stands, once the last record is seen to be the same", {}, checkpoint],
    ["where the group stands, at the log's very end too", { logEnd: 100 }, checkpoint],
    ["unchecked where no record was noted", { checkpoint: null }, null],
    ["unchecked where Kafka holds that record no more", { logStart: 99 }, null],
    ["unchecked where what was noted makes no sense", { checkpoint: { offset: 100, timestamp: 7 } }, null],
  ] as const)("%s", (_, changes, check) => {
    expect(resumeAt(position(changes))).toEqual({ start: 100, check, lost: null });
  });

  test("where the log begins, if it begins later: what lies between is lost", () => {
    const { start, check, lost } = resumeAt(position({ logStart: 150 }));
    expect({ start, check, lost }).toEqual({
      start: 150,
      check: null,
      lost: { partition: 3, from: 100, to: 150, cause: "retention" },
    });
    expect(lost === null ? null : lostOffsets(lost)).toBe(50);
    expect(lost === null ? null : describeLost(lost)).toBe(
      "partition 3: Kafka deleted offsets 100 to 149 before they were read",
    );
  });

  test("where the log begins, if it ends before the group's position: it is another log", () => {
    const { start, check, lost } = resumeAt(position({ logStart: 10, logEnd: 60 }));
    expect({ start, check, lost }).toEqual({
      start: 10,
      check: null,
      lost: { partition: 3, from: 100, to: null, cause: "recreated" },
    });
    expect(lost === null ? null : lostOffsets(lost)).toBe(0);
    expect(lost === null ? null : describeLost(lost)).toContain(
      "the log no longer contains what was read up to offset 100",
    );
  });
});
