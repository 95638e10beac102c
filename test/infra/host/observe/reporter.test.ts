import { describe, expect, test } from "bun:test";
import { testNames } from "../../../support/topic-names.ts";
import { createReporter } from "../../../../infra/host/observe/reporter.ts";
import { FieldCounts } from "../../../../lib/rules/outcomes/field-counts.ts";
import type { Refusal } from "../../../../lib/rules/model/declaration.ts";
import type { ReconcileResult } from "../../../../functions/reconcile-topics.ts";
import { createThrottledLogger } from "../../../../lib/adapters/log/log-throttle.ts";
import { createMetrics } from "../../../../lib/adapters/metrics/metrics.ts";
import { createMemoryLogger } from "../../../support/memory-logger.ts";
import { reconcileResult } from "../../../support/reconcile-result.ts";
import { rejection } from "../../../support/rejection.ts";
import { partitionStatus, topicStatus } from "../../../support/topic-status.ts";

function setUp() {
  const clock = { now: 1_000_000 };
  const now = (): number => clock.now;
  const logger = createMemoryLogger();
  const metrics = createMetrics();
  const failures = createThrottledLogger(logger, { now });
  const reporter = createReporter({ logger, failures, metrics, now, names: () => testNames });
  /** The lines of the metrics' text that begin so. */
  const measured = async (start: string): Promise<string[]> =>
    (await metrics.text()).split("\n").filter((line) => line.startsWith(start));
  return { reporter, logger, measured, clock };
}

const result = (changes: Partial<ReconcileResult> = {}): ReconcileResult =>
  reconcileResult({ durationMs: 250, ...changes });

describe("what a topic does", () => {
  test("is counted by topic and outcome; what is tried again is no outcome", async () => {
    const { reporter, measured } = setUp();
    const events = reporter.pumpEvents("app");
    events.consumed(5);
    events.outcomes(["indexed", "indexed", null, "duplicate", "dead-lettered", "skipped"]);
    expect(await measured("penstock_records_consumed_total")).toEqual([
      'penstock_records_consumed_total{topic="app"} 5',
    ]);
    expect((await measured("penstock_documents_total")).toSorted()).toEqual([
      'penstock_documents_total{topic="app",outcome="dead-lettered"} 1',
      'penstock_documents_total{topic="app",outcome="duplicate"} 1',
      'penstock_documents_total{topic="app",outcome="indexed"} 2',
      'penstock_documents_total{topic="app",outcome="skipped"} 1',
    ]);
  });

  test("and indexes in another form is counted by field, and logged once per topic and field in 30 s", async () => {
    const { reporter, measured, logger } = setUp();
    for (let times = 0; times < 2; times += 1)
      reporter.pumpEvents("app").gaveWay(
        new Map([
          ["err", 3],
          ["user.id", 1],
        ]),
      );
    expect(logger.lines.map(({ fields }) => fields)).toEqual([
      { topic: "app", reason: "field err", field: "err", records: 3 },
      { topic: "app", reason: "field user.id", field: "user.id", records: 1 },
    ]);
    logger.lines.splice(0);
    const counts = new FieldCounts();
    reporter.pumpEvents("app").gaveWay(counts.add([null, null]));
    expect(logger.lines.map(({ fields }) => fields)).toEqual([
      { topic: "app", reason: "no field named", records: 2 },
    ]);
    const well = { ok: true, reason: null, since: null };
    const progress = { ...well, partitions: [], topics: [] };
    const checks = { config: well, kafka: well, elasticsearch: well, progress };
    const gauges = { inFlightBytes: 0, inFlightLimitBytes: 0, bulkConcurrency: 0 };
    reporter.refresh([topicStatus({ topic: "app", gaveWay: { err: 6, "user.id": 2 } })], checks, gauges);
    reporter.refresh([topicStatus({ topic: "app", gaveWay: { err: 7, "user.id": 2 } })], checks, gauges);
    expect(await measured("penstock_fields_gave_way_total")).toEqual([
      'penstock_fields_gave_way_total{topic="app",field="err"} 7',
      'penstock_fields_gave_way_total{topic="app",field="user.id"} 2',
    ]);
    reporter.refresh([], checks, gauges);
    expect(await measured("penstock_fields_gave_way_total")).toEqual([]);
  });

  test("and fails at is counted each time and logged once per topic and reason in 30 s", async () => {
    const { reporter, measured, logger, clock } = setUp();
    for (let times = 0; times < 3; times += 1) {
      reporter.pumpEvents("app").retried({ code: "server_error", message: "503" }, 7);
      reporter.pumpEvents("app").commitFailed(new Error("no coordinator"));
    }
    reporter.pumpEvents("other").retried({ code: "server_error", message: "503" }, 1);
    expect(await measured('penstock_bulk_retries_total{reason="server_error"}')).toEqual([
      'penstock_bulk_retries_total{reason="server_error"} 4',
    ]);
    expect(logger.lines.map(({ fields }) => fields)).toEqual([
      { topic: "app", reason: "server_error", error: "503", records: 7 },
      { topic: "app", reason: "commit", error: "no coordinator" },
      { topic: "other", reason: "server_error", error: "503", records: 1 },
    ]);
    clock.now += 30_000;
    reporter.pumpEvents("app").commitFailed(new Error("no coordinator"));
    expect(logger.lines.at(-1)?.fields).toMatchObject({ reason: "commit", leftOut: 2 });
  });
});

test("what was lost in Kafka is counted, and each range is a line", async () => {
  const { reporter, measured, logger } = setUp();
  reporter.pumpEvents("app");
  reporter.lost("app", [
    { partition: 1, from: 5, to: 12, cause: "retention" },
    { partition: 2, from: 500, to: null, cause: "recreated" },
  ]);
  expect(await measured("penstock_offsets_lost_total")).toEqual([
    'penstock_offsets_lost_total{topic="app"} 7',
  ]);
  // The second is one as well, although nobody can tell how much it held.
  expect(await measured("penstock_lost_ranges_total")).toEqual(['penstock_lost_ranges_total{topic="app"} 2']);
  expect(logger.lines.map(({ message }) => message)).toEqual(Array(2).fill("records were lost in Kafka"));
  expect(logger.lines.map(({ fields }) => fields)).toMatchObject([
    {
      topic: "app",
      partition: 1,
      from: 5,
      to: 12,
      cause: "retention",
    },
    {
      topic: "app",
      partition: 2,
      from: 500,
      to: null,
      cause: "recreated",
    },
  ]);
});

test("a measured call gives what it gives, and its duration counts also where it throws", async () => {
  const { reporter, measured, clock } = setUp();
  const failure = new Error("no");
  const call = reporter.timed(async (ok: boolean) => {
    clock.now += 1_500;
    if (!ok) throw failure;
    return "done";
  });
  expect(await call(true)).toBe("done");
  expect(await rejection(call(false))).toBe(failure);
  expect(await measured("penstock_bulk_duration_seconds_sum")).toEqual([
    "penstock_bulk_duration_seconds_sum 3",
  ]);
  expect(await measured("penstock_bulk_duration_seconds_count")).toEqual([
    "penstock_bulk_duration_seconds_count 2",
  ]);
});

describe("a reconcile run", () => {
  test("that changes something is one line; one that does not, none", () => {
    const { reporter, logger } = setUp();
    reporter.reconciled(result(), ["resync"]);
    expect(logger.lines).toEqual([]);
    reporter.reconciled(result({ started: ["app"] }), ["start"]);
    expect(logger.lines).toMatchObject([
      { level: "info", message: "reconciled", fields: { reasons: ["start"], started: ["app"], stopped: [] } },
    ]);
  });

  test("that stops most topics at once says so loudly, with what mends it", () => {
    const { reporter, logger } = setUp();
    const names = Array.from({ length: 480 }, (_, n) => `topic-${n}`);
    reporter.reconciled(result({ stopped: names }), ["etcd"]);
    expect(logger.lines).toMatchObject([
      { level: "warn", fields: { reason: "mass_stop", stopped: 480, left: 0 } },
      { level: "info", message: "reconciled" },
    ]);
    expect(JSON.stringify(logger.lines).length).toBeLessThan(2_000);
    expect(reporter.massStop()).toEqual({ at: 1_000_000, topics: 480 });
    logger.lines.splice(0);
    reporter.reconciled(result({ stopped: names.slice(0, 4) }), ["etcd"]);
    expect(logger.lines.map(({ level }) => level)).toEqual(["info"]);
    reporter.reconciled(result({ started: names.slice(1) }), ["etcd"]);
    expect(reporter.massStop()?.topics).toBe(1);
    reporter.reconciled(result({ started: names.slice(0, 1) }), ["etcd"]);
    expect(reporter.massStop()).toBeNull();
  });

  test("that goes on with one that was cut short names only its own steps, and is no line without any", () => {
    const { reporter, logger } = setUp();
    const lines = () =>
      logger.lines.splice(0).map(({ fields }) => [fields?.["started"], fields?.["stopped"]]);
    const drains = result({ stopped: ["app"], interrupted: true });
    reporter.reconciled(drains, ["config"]);
    expect(lines()).toEqual([[[], ["app"]]]);
    reporter.reconciled(drains, ["continue"]);
    reporter.reconciled(drains, ["continue"]);
    expect(lines()).toEqual([]);
    reporter.reconciled({ ...drains, started: ["web"] }, ["etcd"]);
    expect(lines()).toEqual([[["web"], []]]);
    reporter.reconciled({ ...drains, interrupted: false }, ["continue"]);
    expect(lines()).toEqual([]);
    // Declared and removed once more.
    reporter.reconciled(drains, ["config"]);
    expect(lines()).toEqual([[[], ["app"]]]);
  });

  test.each([
    ["done", {}],
    ["failed", { failed: [{ topic: "app", error: "no" }] }],
    ["failed", { kafka: { ok: false, error: "no broker" } }],
    ["failed", { sources: { config: { ok: false, error: "line 3", declarations: 0 }, etcd: null } }],
  ] as const)("is counted as %s with %j", async (outcome, changes) => {
    const { reporter, measured } = setUp();
    reporter.reconciled(result(changes), []);
    expect(await measured(`penstock_reconcile_total{result="${outcome}"}`)).toEqual([
      `penstock_reconcile_total{result="${outcome}"} 1`,
    ]);
    expect(await measured("penstock_reconcile_duration_seconds_sum")).toEqual([
      "penstock_reconcile_duration_seconds_sum 0.25",
    ]);
  });

  test("tells how the sources are, and since when", async () => {
    const { reporter, measured, logger, clock } = setUp();
    expect(reporter.sources(true).config).toEqual({ ok: false, reason: "not read yet", since: null });
    const good = { ok: true, error: null, declarations: 1 };
    const bad = { ok: false, error: "refused", declarations: 1, revision: 3 };
    reporter.reconciled(result({ sources: { config: good, etcd: bad } }), []);
    clock.now += 5_000;
    const last = result({ sources: { config: good, etcd: bad } });
    reporter.reconciled(last, []);
    expect(reporter.sources(true)).toEqual({
      config: { ok: true, reason: null, since: "1970-01-01T00:16:40.000Z" },
      etcd: { ok: false, reason: "refused", since: "1970-01-01T00:16:40.000Z" },
    });
    expect(await measured("penstock_source_last_success_timestamp_seconds")).toEqual([
      'penstock_source_last_success_timestamp_seconds{source="config"} 1005',
      'penstock_source_last_success_timestamp_seconds{source="etcd"} 0',
    ]);
    expect(logger.lines.map(({ level, fields }) => [level, fields?.["error"]])).toEqual([
      ["error", "refused"],
    ]);
    expect(reporter.sources(false).etcd).toBeNull();
  });

  test("a source's time is that of its last good reading, and goes with the source", async () => {
    const { reporter, measured, clock } = setUp();
    const good = { ok: true, error: null, declarations: 1 };
    const etcd = (changes: object) =>
      result({ sources: { config: good, etcd: { ...good, revision: 3, ...changes } } });
    reporter.reconciled(etcd({}), []);
    clock.now += 5_000;
    reporter.reconciled(etcd({ ok: false, error: "down" }), []);
    const times = (): Promise<string[]> =>
      measured('penstock_source_last_success_timestamp_seconds{source="etcd"}');
    expect(await times()).toEqual(['penstock_source_last_success_timestamp_seconds{source="etcd"} 1000']);
    reporter.reconciled(result(), []);
    expect(await times()).toEqual([]);
  });

  test("counts what it refused", async () => {
    const { reporter, measured } = setUp();
    const source = { kind: "config", name: "config.yaml", revision: null, entry: 1 } as const;
    const refused = [{ source, name: "app", reason: "no", lastGoodKept: true }];
    reporter.reconciled(result({ plan: { ...result().plan, refused } }), []);
    expect(await measured("penstock_declarations_refused")).toEqual(["penstock_declarations_refused 1"]);
    reporter.reconciled(result(), []);
    expect(await measured("penstock_declarations_refused")).toEqual(["penstock_declarations_refused 0"]);
  });

  const inEtcd = (name: string | null, reason: string, revision: number, lastGoodKept = true) => ({
    source: { kind: "etcd", name: "logs/1", revision } as const,
    name,
    reason,
    lastGoodKept,
  });
  const refusing = (...refused: Refusal[]) => result({ plan: { ...result().plan, refused } });

  test("logs a declaration that is refused once, with its place and rule, and once when it is taken", () => {
    const { reporter, logger } = setUp();
    const told = () => logger.lines.splice(0).map(({ level, message, fields }) => [level, message, fields]);
    reporter.reconciled(refusing(inEtcd("a", "field x is unknown", 7)), []);
    expect(told()).toEqual([
      [
        "warn",
        "a declaration is refused",
        { source: "logs/1", revision: 7, name: "a", reason: "field x is unknown", lastGoodKept: true },
      ],
    ]);
    for (const revision of [7, 7, 8])
      reporter.reconciled(refusing(inEtcd("a", "field x is unknown", revision)), ["resync"]);
    expect(told()).toEqual([]);
    reporter.reconciled(refusing(inEtcd("a", "field y is unknown", 9), inEtcd(null, "no JSON", 9)), []);
    expect(told().map(([, , fields]) => fields)).toMatchObject([
      { reason: "field y is unknown" },
      { name: null },
    ]);
    reporter.reconciled(refusing(inEtcd(null, "no JSON", 9)), []);
    reporter.reconciled(refusing(), []);
    expect(told()).toEqual([
      ["info", "a declaration is no longer refused", { source: "logs/1", revision: 9, name: "a" }],
      ["info", "a declaration is no longer refused", { source: "logs/1", revision: 9, name: null }],
    ]);
  });

  test("logs thousands of refusals as the first and their number, and what is said of a whole source once", () => {
    const { reporter, logger } = setUp();
    const many = Array.from({ length: 5_000 }, (_, at) => inEtcd(`t${at}`, "is refused", 7));
    reporter.reconciled(refusing(...many), []);
    expect(logger.lines).toHaveLength(21);
    expect(logger.lines.at(-1)?.fields).toEqual({ count: 4_980 });
    logger.lines.splice(0);
    const config = { ok: false, error: "line 3: no; line 4: neither", declarations: 1 };
    const source = { kind: "config", name: "config.yaml", revision: null } as const;
    const plan = {
      ...result().plan,
      refused: [...many, { source, name: null, reason: "line 3: no", lastGoodKept: true }],
    };
    reporter.reconciled(result({ plan, sources: { config, etcd: null } }), []);
    expect(logger.lines.map(({ level }) => level)).toEqual(["error"]);
    reporter.reconciled(refusing(...many), []);
    expect(logger.lines.at(-1)).toMatchObject({
      message: "a source can be read again",
      fields: { source: "config" },
    });
  });
});

test("the gauges follow what is there: states, checks, memory, and the lag of owned partitions alone", async () => {
  const { reporter, measured, clock } = setUp();
  const { now } = clock;
  const well = { ok: true, reason: null, since: null };
  const partitions = [
    partitionStatus({ partition: 0, lag: 5 }),
    partitionStatus({ partition: 1, owned: false, lag: 7 }),
    partitionStatus({ partition: 2, lag: null }),
    partitionStatus({ partition: 3, lag: 9, lagAt: now - 60_000, deletableAt: now + 90_400 }),
    partitionStatus({ partition: 4, lag: 4, lagAt: now - 59_999, deletableAt: now - 1_000 }),
  ];
  reporter.refresh(
    [topicStatus({ topic: "app", partitions }), topicStatus({ state: "failed", partitions: [] })],
    {
      config: well,
      kafka: well,
      elasticsearch: { ...well, ok: false, reason: "no" },
      progress: { ...well, partitions: [], topics: [] },
    },
    { inFlightBytes: 42, inFlightLimitBytes: 64, bulkConcurrency: 3 },
  );
  expect(await measured("penstock_check_ok")).toEqual([
    'penstock_check_ok{check="config"} 1',
    'penstock_check_ok{check="kafka"} 1',
    'penstock_check_ok{check="elasticsearch"} 0',
    'penstock_check_ok{check="progress"} 1',
  ]);
  expect(await measured("penstock_in_flight_limit_bytes")).toEqual(["penstock_in_flight_limit_bytes 64"]);
  expect(await measured("penstock_topic_state")).toEqual([
    'penstock_topic_state{topic="app",state="running"} 1',
    'penstock_topic_state{topic="golang_log",state="failed"} 1',
  ]);
  expect(await measured("penstock_bulk_concurrency")).toEqual(["penstock_bulk_concurrency 3"]);
  expect(await measured("penstock_consumer_lag{")).toEqual([
    'penstock_consumer_lag{topic="app",partition="0"} 5',
    'penstock_consumer_lag{topic="app",partition="4"} 4',
  ]);
  expect(await measured("penstock_retention_left_seconds{")).toEqual([
    'penstock_retention_left_seconds{topic="app",partition="3"} 90',
    'penstock_retention_left_seconds{topic="app",partition="4"} -1',
  ]);
  expect(await measured("penstock_in_flight_bytes")).toEqual(["penstock_in_flight_bytes 42"]);
  expect(await measured('penstock_topics{state="running"}')).toEqual(['penstock_topics{state="running"} 1']);
  expect(await measured('penstock_topics{state="failed"}')).toEqual(['penstock_topics{state="failed"} 1']);
});
