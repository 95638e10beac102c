import { describe, expect, test } from "bun:test";
import {
  absenceVerdict,
  deletedVerdict,
  gapVerdict,
  type Standing,
  unsettledVerdict,
} from "../../../../lib/rules/inspection/verdict.ts";

const running: Standing = {
  state: "running",
  reason: null,
  hold: null,
  owned: true,
  sent: 10,
  perSecond: null,
};
const verdict = (offset: number, changes: Partial<Standing> = {}, committed: number | null = 5) =>
  unsettledVerdict(offset, committed, { ...running, ...changes });

describe("an offset that is not committed", () => {
  test("was sent: in flight, or tried again with the reason", () => {
    expect(verdict(9)).toMatchObject({ kind: "in flight", remedy: null });
    expect(verdict(9, { reason: "retrying since 12:00: 429." })).toMatchObject({
      kind: "retrying",
      message: "It is tried again: retrying since 12:00: 429.",
    });
  });

  test("was not sent: how much lies before it, how long that takes, and what is in the way", () => {
    expect(verdict(10)).toMatchObject({
      kind: "waiting",
      message: "It is not read yet. 5 offsets before it have no outcome yet.",
    });
    expect(verdict(605, { perSecond: 10 }).message).toEndWith(
      "at the present rate its turn comes in 1 minute.",
    );
    expect(verdict(10, { perSecond: 0 }).message).toEndWith("; nothing moved just now.");
    expect(verdict(10, { reason: "no leader" })).toMatchObject({
      kind: "waiting",
      message: expect.stringMatching(/: no leader\.$/),
    });
    expect(verdict(10, {}, null).message).toContain("Nothing of this partition has an outcome yet");
  });

  test("is another host's, held, or its topic does not run", () => {
    expect(verdict(9, { owned: false, sent: null })).toMatchObject({
      kind: "waiting",
      message: expect.stringContaining("Another host has this partition, or none has."),
    });
    const owner = { name: "b", address: "http://b:8080" };
    expect(verdict(9, { owned: false, sent: null, owner }).message).toEndWith(
      "outcome yet. b (http://b:8080) has this partition.",
    );
    expect(verdict(9, { owned: false, sent: null, owner: null }).message).toBe(
      "It is not read yet. 4 offsets before it have no outcome yet. No host has this partition.",
    );
    const hold = { from: "order", by: "alice", since: "2026-01-01T00:00:00Z", reason: "x" } as const;
    expect(verdict(9, { state: "held", hold })).toMatchObject({
      kind: "held",
      message: "It is not read: the topic is held by alice: x.",
    });
    expect(verdict(9, { state: "failed", reason: "why" })).toMatchObject({
      kind: "not running",
      message: "It is not read yet: the topic is failed: why.",
    });
  });
});

test("a settled record without a document: every reason of the audit has its verdict", () => {
  expect(absenceVerdict({ kind: "null" }).kind).toBe("skipped");
  expect(absenceVerdict({ kind: "dropped" }).kind).toBe("dropped");
  expect(absenceVerdict({ kind: "skipped" }).kind).toBe("skipped by rewind");
  expect(absenceVerdict({ kind: "expired", index: "logs-1" })).toMatchObject({
    kind: "expired",
    message: "It was indexed, and its index is gone: logs-1.",
  });
  expect(absenceVerdict({ kind: "gap", perhaps: "or expired" }).message).toEndWith(
    "was deleted, or expired.",
  );
});

test("an offset without a record", () => {
  expect(gapVerdict("not written", null).kind).toBe("not written");
  expect(gapVerdict("open transaction", null).kind).toBe("waiting");
  expect(gapVerdict("unreadable", "it is broken")).toMatchObject({
    kind: "no record",
    message: expect.stringMatching(/: it is broken\.$/),
  });
  expect([deletedVerdict(true).kind, deletedVerdict(false).kind]).toEqual(["unknown", "lost"]);
});
