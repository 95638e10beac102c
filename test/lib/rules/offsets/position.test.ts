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

describe("reading resumes", () => {
  test.each([
    ["at the group's position, if the last record is still the same", {}, checkpoint],
    ["at the group's position, even at the end of the log", { logEnd: 100 }, checkpoint],
    ["without a check if there is no checkpoint", { checkpoint: null }, null],
    ["without a check if Kafka has deleted that record", { logStart: 99 }, null],
    ["without a check if the checkpoint makes no sense", { checkpoint: { offset: 100, timestamp: 7 } }, null],
  ] as const)("%s", (_, changes, check) => {
    expect(resumeAt(position(changes))).toEqual({ start: 100, check, lost: null });
  });

  test("at the log's start if that is later: the offsets between are lost", () => {
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

  test("at the log's start if the log ends before the group's position: it is another log", () => {
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
