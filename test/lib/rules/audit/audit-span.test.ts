import { describe, expect, test } from "bun:test";
import { auditSpan, type PartitionStanding } from "../../../../lib/rules/audit/audit-span.ts";

function standing(changes: Partial<PartitionStanding> = {}): PartitionStanding {
  return {
    partition: 3,
    log: { start: 10, end: 100 },
    committed: 90,
    startAt: "earliest",
    from: null,
    lowestKnown: null,
    ...changes,
  };
}

describe("the offsets to audit", () => {
  test("from the start of the log to the commit", () => {
    expect(auditSpan(standing())).toEqual({ start: 10, end: 90, note: null, unknown: false });
  });

  test("nothing committed: none", () => {
    const span = auditSpan(standing({ committed: null }));
    expect(span).toMatchObject({ start: 10, end: 10, unknown: false });
    expect(span.note).toContain("partition 3: nothing is committed yet");
  });

  test("a commit beyond the log: to its end, with a note", () => {
    const span = auditSpan(standing({ committed: 500 }));
    expect(span).toMatchObject({ start: 10, end: 100, unknown: false });
    expect(span.note).toContain("500 is beyond the end of the log, 100");
  });

  test("a commit that retention has overtaken: none, with a note", () => {
    const span = auditSpan(standing({ committed: 4 }));
    expect(span).toMatchObject({ start: 10, end: 10, unknown: false });
    expect(span.note).toContain("offsets 4 to 10 were deleted");
  });

  test("startAt latest: from the lowest offset known to have been read", () => {
    const span = auditSpan(standing({ startAt: "latest", lowestKnown: 50 }));
    expect(span).toMatchObject({ start: 50, end: 90, unknown: false });
    expect(span.note).toContain("from offset 50");
  });

  test("from where the group began or went back to, if that is stored", () => {
    const span = auditSpan(standing({ startAt: "latest", from: 40, lowestKnown: 50 }));
    expect(span).toMatchObject({ start: 40, end: 90, unknown: false });
    expect(span.note).toContain("audited from offset 40, where its group began");
    const whole = { start: 10, end: 90, note: null, unknown: false };
    for (const from of [0, 10]) expect(auditSpan(standing({ startAt: "latest", from }))).toEqual(whole);
  });

  test("startAt latest and nothing known: unknown", () => {
    const span = auditSpan(standing({ startAt: "latest" }));
    expect(span).toMatchObject({ start: 90, end: 90, unknown: true });
    expect(span.note).toContain("not audited");
  });

  test("startAt latest with a log never read past its start: no note", () => {
    expect(auditSpan(standing({ startAt: "latest", committed: 10 }))).toEqual({
      start: 10,
      end: 10,
      note: null,
      unknown: false,
    });
  });
});
