import { describe, expect, test } from "bun:test";
import { health, type HealthInput } from "../../functions/health.ts";
import type { TopicStatus } from "../../lib/rules/progress/status.ts";
import { partitionStatus, topicStatus } from "../support/topic-status.ts";

const now = Date.parse("2026-11-22T13:00:00.000Z");
const fine = { ok: true, reason: null, since: "2026-11-22T12:00:00.000Z" };
const broken = { ok: false, reason: "no answer in 10 s", since: "2026-11-22T12:59:00.000Z" };

function check(changes: Partial<HealthInput> = {}) {
  const sources = { config: fine, etcd: fine };
  return health({
    now,
    startedAt: now - 3_600_000,
    sources,
    kafka: fine,
    elasticsearch: fine,
    topics: [],
    ...changes,
  });
}

test("no topics at all is ready", () => {
  const { status, checks } = check();
  expect(status).toBe("ready");
  expect(checks.progress).toEqual({ ok: true, reason: null, since: null, partitions: [], topics: [] });
});

test("etcd is absent if it is not configured", () => {
  const { status, checks } = check({ sources: { config: fine, etcd: null } });
  expect(status).toBe("ready");
  expect(Object.keys(checks)).toEqual(["config", "kafka", "elasticsearch", "progress"]);
});

test.each([
  ["config", { sources: { config: broken, etcd: fine } }],
  ["etcd", { sources: { config: fine, etcd: broken } }],
  ["kafka", { kafka: broken }],
  ["elasticsearch", { elasticsearch: broken }],
] as const)("%s that fails is not ready and keeps its reason", (name, changes) => {
  const { status, checks } = check(changes);
  expect(status).toBe("not ready");
  expect(checks[name]).toEqual(broken);
});

describe("progress", () => {
  const stuckAt = (progressAt: number | null, changes = {}) =>
    check({
      topics: [
        topicStatus({ partitions: [partitionStatus({ partition: 2, lag: 5, progressAt, ...changes })] }),
      ],
    });

  test("lag without a commit for 60 s is stuck, named and dated", () => {
    const { status, checks } = stuckAt(now - 71_000);
    expect(status).toBe("not ready");
    expect(checks.progress).toEqual({
      ok: false,
      reason: "lag, but nothing committed for 60 s: golang_log/2",
      since: "2026-11-22T12:59:49.000Z",
      partitions: ["golang_log/2"],
      topics: [
        {
          topic: "golang_log",
          partitions: [2],
          since: "2026-11-22T12:59:49.000Z",
          reason: null,
          remedy: null,
        },
      ],
    });
  });

  test("has the reason of each stuck topic, equal ones once, and only the first three", () => {
    const stuck = (topic: string, reason: string | null) =>
      topicStatus({ topic, reason, partitions: [partitionStatus({ lag: 1, progressAt: now - 90_000 })] });
    const { progress } = check({
      topics: [stuck("a", "refused"), stuck("b", null), stuck("c", "refused"), stuck("d", "no room")],
    }).checks;
    expect(progress.reason).toBe("lag, but nothing committed for 60 s: a/0, b/0, c/0, d/0; refused; no room");
    expect(progress.topics.map(({ topic, reason }) => [topic, reason])).toEqual([
      ["a", "refused"],
      ["b", null],
      ["c", "refused"],
      ["d", "no room"],
    ]);
    const many = Array.from({ length: 5 }, (_, n) => stuck(`t${n}`, `reason ${n}`));
    expect(check({ topics: many }).checks.progress.reason).toEndWith("; reason 0; reason 1; reason 2");
  });

  test("is stuck from exactly 60 s on", () => {
    expect(stuckAt(now - 60_000).status).toBe("not ready");
    expect(stuckAt(now - 59_999).status).toBe("ready");
  });

  test("is not expected of partitions without lag, with unknown lag, or of another host", () => {
    expect(stuckAt(0, { lag: 0 }).status).toBe("ready");
    expect(stuckAt(0, { lag: null }).status).toBe("ready");
    expect(stuckAt(0, { owned: false }).status).toBe("ready");
  });

  test("is not expected of a held topic", () => {
    const partitions = [partitionStatus({ lag: 5, progressAt: 0 })];
    const held = topicStatus({ state: "held", reason: "held by alice", partitions });
    expect(check({ topics: [held] }).status).toBe("ready");
    expect(check({ topics: [{ ...held, state: "running" }] }).status).toBe("not ready");
  });

  test("that never happened is measured from when the topic entered its state", () => {
    expect(stuckAt(null).status).toBe("not ready");
    const since = new Date(now - 1_000).toISOString();
    const partitions = [partitionStatus({ lag: 5 })];
    expect(check({ topics: [topicStatus({ since, partitions })] }).status).toBe("ready");
  });

  test("with many stuck partitions lists all and names the first ten", () => {
    const partitions = Array.from({ length: 12 }, (_, partition) =>
      partitionStatus({ partition, lag: 1, progressAt: 0 }),
    );
    const { progress } = check({ topics: [topicStatus({ partitions })] }).checks;
    expect(progress.partitions).toHaveLength(12);
    expect(progress.reason).toEndWith("golang_log/9 and 2 more");
  });

  const down = (seconds: number, changes: Partial<TopicStatus> = {}) =>
    topicStatus({
      state: "failed",
      reason: "it may not be read",
      downSince: new Date(now - seconds * 1000).toISOString(),
      partitions: [],
      ...changes,
    });

  test("a topic that does not reach running is stuck after 60 s, whatever it tries meanwhile", () => {
    expect(check({ topics: [down(59)] }).status).toBe("ready");
    const { status, checks } = check({
      topics: [
        down(61),
        down(90, { topic: "b", state: "starting", remedy: { do: "grant it", command: null } }),
      ],
    });
    expect(status).toBe("not ready");
    expect(checks.progress).toEqual({
      ok: false,
      reason: "not running for 60 s: golang_log, b; it may not be read",
      since: "2026-11-22T12:59:30.000Z",
      partitions: [],
      topics: [
        {
          topic: "golang_log",
          partitions: [],
          since: "2026-11-22T12:59:59.000Z",
          reason: "it may not be read",
          remedy: null,
        },
        {
          topic: "b",
          partitions: [],
          since: "2026-11-22T12:59:30.000Z",
          reason: "it may not be read",
          remedy: { do: "grant it", command: null },
        },
      ],
    });
  });

  test("a new host waits for its consumers to join, 10 s for each", () => {
    const joining = (seconds: number) => down(seconds, { state: "starting", reason: null });
    const young = { startedAt: now - 12_000 };
    expect(check({ ...young, topics: [topicStatus(), joining(9)] }).checks.progress).toEqual({
      ok: false,
      reason: "this host is new, and some topics do not run yet: golang_log",
      since: "2026-11-22T12:59:48.000Z",
      partitions: [],
      topics: [],
    });
    expect(check({ ...young, topics: [topicStatus(), joining(10)] }).status).toBe("ready");
    expect(check({ ...young, topics: [topicStatus(), down(1)] }).status).toBe("ready");
    const ranBefore = { ...joining(1), counts: { indexed: 1, duplicate: 0, deadLettered: 0, skipped: 0 } };
    expect(check({ ...young, topics: [ranBefore] }).status).toBe("ready");
    expect(check({ topics: [topicStatus(), joining(1)] }).status).toBe("ready");
  });
});
