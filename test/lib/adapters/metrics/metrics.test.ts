import { expect, test } from "bun:test";
import { createMetrics } from "../../../../lib/adapters/metrics/metrics.ts";
import { outcomeKinds, retryCodes } from "../../../../lib/rules/model/record.ts";
import manifest from "../../../../package.json" with { type: "json" };

const samples = (text: string) => text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));

test("every metric of the contract has its name, type and labels", async () => {
  const metrics = createMetrics();
  metrics.startTopic("a");
  metrics.recordsConsumed("a", 5);
  metrics.documents("a", "indexed", 3);
  metrics.documents("a", "dead-lettered", 1);
  metrics.bulkRetried("too_many_requests");
  metrics.bulkTook(1500);
  metrics.setLag("a", new Map([[0, 7]]));
  metrics.setIgnored("a", new Map([["user.id", 3]]));
  metrics.rangeLost("a", 11);
  metrics.rangeLost("a", 0);
  metrics.setTopics([
    { topic: "a", state: "running" },
    { topic: "b", state: "running" },
    { topic: "c", state: "failed" },
  ]);
  metrics.reconciled("done", 20);
  metrics.sourceRead("etcd", 1_700_000_000_500);
  metrics.setRefused(2);
  metrics.setChecks(new Map([["kafka", true]]));
  metrics.setInFlightBytes(1024, 4096);
  metrics.setBulkConcurrency(4);

  const text = await metrics.text();
  const lines = samples(text);
  for (const line of [
    'penstock_records_consumed_total{topic="a"} 5',
    'penstock_documents_total{topic="a",outcome="indexed"} 3',
    'penstock_documents_total{topic="a",outcome="dead-lettered"} 1',
    'penstock_bulk_retries_total{reason="too_many_requests"} 1',
    "penstock_bulk_duration_seconds_sum 1.5",
    "penstock_bulk_duration_seconds_count 1",
    'penstock_consumer_lag{topic="a",partition="0"} 7',
    'penstock_ignored_documents{topic="a",field="user.id"} 3',
    'penstock_offsets_lost_total{topic="a"} 11',
    'penstock_lost_ranges_total{topic="a"} 2',
    'penstock_topic_state{topic="a",state="running"} 1',
    'penstock_topic_state{topic="c",state="failed"} 1',
    'penstock_topics{state="running"} 2',
    'penstock_topics{state="failed"} 1',
    'penstock_topics{state="pending"} 0',
    'penstock_reconcile_total{result="done"} 1',
    'penstock_reconcile_total{result="failed"} 0',
    "penstock_reconcile_duration_seconds_sum 0.02",
    'penstock_source_last_success_timestamp_seconds{source="etcd"} 1700000000.5',
    "penstock_declarations_refused 2",
    'penstock_check_ok{check="kafka"} 1',
    "penstock_in_flight_bytes 1024",
    "penstock_in_flight_limit_bytes 4096",
    `penstock_build_info{version="${manifest.version}"} 1`,
    "penstock_bulk_concurrency 4",
  ]) {
    expect(lines).toContain(line);
  }
  expect(text).toContain("# TYPE penstock_bulk_duration_seconds histogram");
  expect(text).toContain("# TYPE penstock_consumer_lag gauge");
  expect(metrics.contentType).toStartWith("text/plain; version=0.0.4");
});

test("a new lag replaces the old one: a partition no longer owned has none", async () => {
  const metrics = createMetrics();
  metrics.setLag(
    "a",
    new Map([
      [0, 1],
      [1, 2],
    ]),
  );
  metrics.setLag("b", new Map([[0, 9]]));
  metrics.setLag("a", new Map([[1, 3]]));
  expect(samples(await metrics.text()).filter((line) => line.startsWith("penstock_consumer_lag"))).toEqual([
    'penstock_consumer_lag{topic="a",partition="1"} 3',
    'penstock_consumer_lag{topic="b",partition="0"} 9',
  ]);
});

test("a forgotten topic leaves no label, the others keep theirs", async () => {
  const metrics = createMetrics();
  const count = (topic: string): void => {
    metrics.recordsConsumed(topic, 1);
    metrics.rangeLost(topic, 1);
    for (const outcome of outcomeKinds) metrics.documents(topic, outcome, 1);
  };
  for (const topic of ["a", "b"]) {
    metrics.startTopic(topic);
    count(topic);
    metrics.setLag(topic, new Map([[0, 1]]));
    metrics.setRetentionLeft(topic, new Map([[0, 1]]));
  }
  metrics.setTopics(["a", "b"].map((topic) => ({ topic, state: "stopping" as const })));
  metrics.forgetTopic("a");
  // An attempt that ends after its topic stopped.
  count("a");
  const lines = samples(await metrics.text());
  expect(lines.filter((line) => line.includes('topic="a"'))).toEqual([]);
  expect(lines.filter((line) => line.includes('topic="b"'))).toHaveLength(10);
  expect(lines.filter((line) => line.includes('topic="b"') && !line.endsWith(" 1"))).toEqual([]);

  metrics.startTopic("a");
  expect(samples(await metrics.text())).toContain('penstock_records_consumed_total{topic="a"} 0');
});

test("a topic is in one state at a time", async () => {
  const metrics = createMetrics();
  metrics.setTopics([{ topic: "a", state: "starting" }]);
  metrics.setTopics([{ topic: "a", state: "running" }]);
  expect(samples(await metrics.text()).filter((line) => line.startsWith("penstock_topic_state"))).toEqual([
    'penstock_topic_state{topic="a",state="running"} 1',
  ]);
});

test("counters are 0 before their first event, and continue when a topic starts again", async () => {
  const metrics = createMetrics();
  metrics.startTopic("a");
  const lines = samples(await metrics.text());
  for (const line of [
    'penstock_records_consumed_total{topic="a"} 0',
    'penstock_offsets_lost_total{topic="a"} 0',
    'penstock_lost_ranges_total{topic="a"} 0',
    ...outcomeKinds.map((outcome) => `penstock_documents_total{topic="a",outcome="${outcome}"} 0`),
    ...retryCodes.map((reason) => `penstock_bulk_retries_total{reason="${reason}"} 0`),
    ...["done", "failed"].map((result) => `penstock_reconcile_total{result="${result}"} 0`),
  ]) {
    expect(lines).toContain(line);
  }
  metrics.recordsConsumed("a", 3);
  metrics.startTopic("a");
  expect(samples(await metrics.text())).toContain('penstock_records_consumed_total{topic="a"} 3');
});

test("a removed check or source has no label", async () => {
  const metrics = createMetrics();
  metrics.setChecks(
    new Map([
      ["kafka", false],
      ["etcd", true],
    ]),
  );
  metrics.sourceRead("etcd", 1_000);
  metrics.setChecks(new Map([["kafka", false]]));
  metrics.forgetSource("etcd");
  const lines = samples(await metrics.text());
  expect(lines).toContain('penstock_check_ok{check="kafka"} 0');
  expect(lines.filter((line) => line.includes("etcd"))).toEqual([]);
});

test("a clock that was set back subtracts nothing from a sum", async () => {
  const metrics = createMetrics();
  metrics.bulkTook(-5_000);
  metrics.reconciled("done", -5_000);
  const lines = samples(await metrics.text());
  for (const name of ["bulk", "reconcile"]) {
    expect(lines).toContain(`penstock_${name}_duration_seconds_sum 0`);
    expect(lines).toContain(`penstock_${name}_duration_seconds_count 1`);
  }
});

test("two sets of metrics have separate registries", async () => {
  const [one, other] = [createMetrics(), createMetrics()];
  one.setInFlightBytes(5, 10);
  expect(samples(await other.text())).toContain("penstock_in_flight_bytes 0");
});

test("process metrics are plausible", async () => {
  const metrics = createMetrics();
  const value = (text: string, name: string) =>
    Number(
      samples(text)
        .find((line) => line.startsWith(`${name} `))
        ?.split(" ")[1],
    );
  const first = await metrics.text();
  expect(value(first, "process_resident_memory_bytes")).toBeGreaterThan(10_000_000);
  const startedAt = Date.now() / 1000 - process.uptime();
  expect(Math.abs(value(first, "process_start_time_seconds") - startedAt)).toBeLessThan(5);
  const second = await metrics.text();
  const cpu = [first, second].map((text) => value(text, "process_cpu_seconds_total"));
  expect(cpu[0]).toBeGreaterThan(0);
  expect(cpu[1]).toBeGreaterThanOrEqual(cpu[0] ?? Infinity);
  expect(cpu[1]).toBeLessThan(600);
  expect(second).not.toMatch(/nan/i);
});
