import { expect, test } from "bun:test";
import { createHistory } from "../../../../infra/host/live/history.ts";
import { overviewOf, topicRowOf } from "../../../../infra/host/live/views.ts";
import type { ListedTopic } from "../../../../lib/rules/progress/holdings.ts";
import type { TopicStatus } from "../../../../lib/rules/progress/status.ts";
import { listedTopic, partitionStatus, targetStatus, topicStatus } from "../../../support/topic-status.ts";
import { ready } from "../http/fixture.ts";

test.each([
  [[null, null], null],
  [[null, 5], 5],
  [[2, 5], 7],
])("lags of %p are %p in all", (lags, lag) => {
  const statuses = lags.map((each, n) =>
    topicStatus({ topic: `t${n}`, partitions: [partitionStatus({ lag: each })] }),
  );
  expect(overviewIn(statuses).lag).toBe(lag);
});

test("failed topics need attention, then stalled ones, then those that are tried again in vain; with until when it is safe", () => {
  const topics = ["running", "stalled", "failed", "pending"] as const;
  const statuses = [
    topicStatus({ topic: "well" }),
    ...topics.map((state) => topicStatus({ topic: state, state, reason: "no room" })),
  ];
  const { attention, attentionCount } = overviewIn([
    ...statuses,
    topicStatus({
      topic: "late",
      state: "stalled",
      partitions: [
        partitionStatus({ deletableAt: 9_000 }),
        partitionStatus({ partition: 1, deletableAt: 7_000 }),
        partitionStatus({ partition: 2 }),
      ],
    }),
  ]);
  expect(attentionCount).toBe(4);
  expect(attention.map(({ topic, deletableAt }) => [topic, deletableAt])).toEqual([
    ["failed", null],
    ["stalled", null],
    ["late", 7_000],
    ["running", null],
  ]);
});

test("a running topic in trouble says since when, which partitions wait, and what mends it", () => {
  const remedy = { do: "open the index", command: "POST app/_open" };
  const trouble = {
    since: new Date(5_000).toISOString(),
    attempts: 3,
    code: "cluster_block" as const,
    partitions: [0, 2],
    records: 12,
    oldestAt: 1_000,
    deletableAt: 9_000,
  };
  const status = topicStatus({ reason: "retrying", remedy, trouble });
  expect(overviewIn([status]).attention).toMatchObject([
    { state: "retrying", remedy, since: 5_000, attempts: 3, waiting: [0, 2], oldestAt: 1_000 },
  ]);
  expect(topicRowOf(status, 0)).toMatchObject({
    state: "retrying",
    remedy: "open the index: POST app/_open",
  });
  const { states, notTaken } = overviewIn([
    status,
    topicStatus({ topic: "well" }),
    topicStatus({ topic: "failed", state: "failed", trouble }),
    topicStatus({ topic: "silent", trouble: { ...trouble, attempts: 0 } }),
    topicStatus({ topic: "letters", trouble: { ...trouble, code: "dead_letter_unavailable" } }),
  ]);
  expect([states.running, states.retrying, states.failed]).toEqual([1, 3, 1]);
  // Elasticsearch took those of the last one, or refused them for good: Kafka does not take their letters.
  expect(notTaken).toEqual({ elasticsearch: 1, kafka: 1 });
});

test("a held topic needs attention only if records of it are about to be lost; nobody waits for it", () => {
  const held = (topic: string, deletableAt: number | null) =>
    topicStatus({
      topic,
      state: "held",
      reason: "held by alice",
      partitions: [partitionStatus({ lag: 3, progressAt: -600_000, deletableAt })],
    });
  const day = 86_400_000;
  const seen = overviewIn([held("a", null), held("b", 2 * day), held("c", day / 2)]);
  expect(seen.attention.map(({ topic }) => topic)).toEqual(["c"]);
  expect([seen.attentionCount, seen.states.held, seen.waitingMs, seen.lag]).toEqual([1, 3, null, 9]);
});

test("a running topic that is read later than its target keeps needs attention; only those behind are looked at", () => {
  const partitions = [partitionStatus({ lag: 3, oldestUnreadAt: -60_000 })];
  const statuses = [
    topicStatus({ topic: "late", partitions }),
    topicStatus({ topic: "behind", partitions }),
    topicStatus({ topic: "well" }),
  ];
  const lookedAt: string[] = [];
  const { attention, attentionCount } = overviewIn(statuses, (status) => {
    lookedAt.push(status.topic);
    const warning = status.topic === "late" ? "late" : null;
    return listedTopic({ ...status, target: targetStatus({ warning }) });
  });
  expect(lookedAt).toEqual(["late", "behind"]);
  expect(attention).toMatchObject([{ topic: "late", state: "running", reason: null, warning: "late" }]);
  expect(attentionCount).toBe(1);
});

function overviewIn(
  statuses: readonly TopicStatus[],
  listed: (status: TopicStatus) => ListedTopic = listedTopic,
) {
  return overviewOf({
    at: 0,
    startedAt: 0,
    statuses,
    health: ready,
    deadLetteredAt: null,
    massStop: null,
    inFlight: { bytes: 0, maxBytes: 1 },
    sources: [],
    reconciled: null,
    history: createHistory(),
    owners: () => null,
    listed: (some) => some.map(listed),
  });
}
