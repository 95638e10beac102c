import { expect, test } from "bun:test";
import { type KnownState, shownState } from "../../../../lib/rules/progress/stall.ts";
import { partitionStatus } from "../../../support/topic-status.ts";

const now = Date.parse("2026-11-22T13:00:00.000Z");
const shown = (changes: Partial<KnownState>, progressAgoMs = 1_000) =>
  shownState(
    {
      state: "running",
      reason: null,
      cause: null,
      sinceMs: now - 3_600_000,
      trouble: null,
      hold: null,
      ...changes,
    },
    [partitionStatus({ lag: 5, progressAt: now - progressAgoMs })],
    now,
  );
const since = "2026-11-22T12:00:00.000Z";
const retry = { code: "cluster_block", message: "no room" } as const;
const trouble = { sinceMs: now - 12_000, attempts: 3, retry };
const cause = { kind: "retry", retry } as const;

test("a topic that runs and makes progress has no reason", () => {
  expect(shown({})).toEqual({ state: "running", reason: null, cause: null, since });
});

test("a topic that retries in vain shows since when and why, long before it is stalled", () => {
  expect(shown({ trouble })).toEqual({
    state: "running",
    reason: "retrying since 2026-11-22T12:59:48.000Z: no room",
    cause,
    since,
  });
  expect(shown({ trouble: { ...trouble, attempts: 0, retry: null } }).reason).toBe(
    "no response to what was sent since 2026-11-22T12:59:48.000Z",
  );
});

test("60 s after its last commit it becomes stalled, with only the reason", () => {
  expect(shown({ trouble }, 61_000)).toEqual({
    state: "stalled",
    reason: "no room",
    cause,
    since: "2026-11-22T12:59:59.000Z",
  });
  expect(shown({}, 61_000).reason).toBe("no commit for 60 s although there is lag");
});

test("any state other than running stays", () => {
  expect(shown({ state: "failed", reason: "no rights" }, 90_000)).toMatchObject({
    state: "failed",
    reason: "no rights",
  });
});
