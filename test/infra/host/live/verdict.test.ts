import { expect, test } from "bun:test";
import { createHistory } from "../../../../infra/host/live/history.ts";
import { overviewOf } from "../../../../infra/host/live/views.ts";
import type { OverviewMessage } from "../../../../infra/api/live-messages.ts";
import type { Refusal } from "../../../../lib/rules/model/declaration.ts";
import { ready } from "../http/fixture.ts";
import { listedTopic, topicStatus } from "../../../support/topic-status.ts";

const minute = 60_000;
const well = topicStatus();
const refusal = (reason: string): Refusal => ({
  source: { kind: "config", name: "config.yaml", revision: null },
  name: null,
  reason,
  lastGoodKept: false,
});

function verdictIn({
  statuses = [well],
  refused = [] as Refusal[],
  config = null as string | null,
  deadLetteredAt = null as number | null,
  massStop = null as OverviewMessage["massStop"],
}) {
  const check = { ok: config === null, reason: config, since: null };
  const plan = { start: [], stop: [], replace: [], keep: [], pending: [], refused };
  return overviewOf({
    at: 60 * minute,
    startedAt: 0,
    statuses,
    health: { ...ready, checks: { ...ready.checks, config: check } },
    inFlight: { bytes: 0, maxBytes: 1 },
    deadLetteredAt,
    massStop,
    sources: [],
    reconciled: { plan, conflicts: [] },
    history: createHistory(),
    owners: () => null,
    listed: (some) => some.map(listedTopic),
  }).verdict;
}

test("all is well only if nothing needs attention, whatever it is", () => {
  expect(verdictIn({})).toEqual({ kind: "ok", count: 0, refused: 0 });
  const stalled = topicStatus({ topic: "stalled", state: "stalled" });
  expect(verdictIn({ statuses: [well, stalled] })).toEqual({ kind: "warning", count: 1, refused: 0 });
  const failed = topicStatus({ topic: "failed", state: "failed" });
  expect(verdictIn({ statuses: [failed, stalled] })).toEqual({ kind: "bad", count: 2, refused: 0 });
  expect(verdictIn({ refused: [refusal("no such field")] })).toEqual({
    kind: "warning",
    count: 1,
    refused: 1,
  });
});

test("a source that cannot be taken counts once, though it is also refused", () => {
  const reason = "line 3: not YAML";
  expect(verdictIn({ config: reason, refused: [refusal(reason)] })).toEqual({
    kind: "bad",
    count: 1,
    refused: 0,
  });
});

test("dead letters count for a quarter of an hour", () => {
  expect(verdictIn({ deadLetteredAt: 46 * minute })).toEqual({ kind: "warning", count: 1, refused: 0 });
  expect(verdictIn({ deadLetteredAt: 45 * minute })).toEqual({ kind: "ok", count: 0, refused: 0 });
});

test("topics that stopped at once call for attention as long", () => {
  const massStop = { at: 46 * minute, topics: 480 };
  expect(verdictIn({ massStop })).toEqual({ kind: "warning", count: 1, refused: 0 });
  expect(verdictIn({ massStop: { ...massStop, at: 45 * minute } }).kind).toBe("ok");
});
