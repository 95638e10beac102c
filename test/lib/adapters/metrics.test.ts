import { expect, test } from "bun:test";
import { createMetrics } from "../../../lib/adapters/metrics.ts";

const samples = (text: string) => text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));

test("every metric of the contract has its name, type and labels", async () => {
  const metrics = createMetrics();
  metrics.recordsConsumed("a", 5);
  metrics.documents("a", "indexed", 3);
  metrics.documents("a", "dead-lettered", 1);
  metrics.bulkRetried("too_many_requests");
  metrics.bulkTook(1500);
  metrics.setLag("a", new Map([[0, 7]]));
  metrics.offsetsLost("a", 11);
  metrics.setTopics(["running", "running", "failed"]);
  metrics.reconciled("done", 20);
  metrics.sourceRead("etcd", 1_700_000_000_500);
  metrics.setInFlightBytes(1024);
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
    'penstock_offsets_lost_total{topic="a"} 11',
    'penstock_topics{state="running"} 2',
    'penstock_topics{state="failed"} 1',
    'penstock_topics{state="pending"} 0',
    'penstock_reconcile_total{result="done"} 1',
    'penstock_reconcile_total{result="failed"} 0',
    "penstock_reconcile_duration_seconds_sum 0.02",
    'penstock_source_last_success_timestamp_seconds{source="etcd"} 1700000000.5',
    "penstock_in_flight_bytes 1024",
    "penstock_bulk_concurrency 4",
  ]) {
    expect(lines).toContain(line);
  }
  expect(text).toContain("# TYPE penstock_bulk_duration_seconds histogram");
  expect(text).toContain("# TYPE penstock_consumer_lag gauge");
  expect(metrics.contentType).toStartWith("text/plain; version=0.0.4");
});

test("the lag given replaces the lag before: a partition no longer owned has none", async () => {
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

test("a topic that is forgotten leaves no label, the others keep theirs", async () => {
  const metrics = createMetrics();
  for (const topic of ["a", "b"]) {
    metrics.recordsConsumed(topic, 1);
    metrics.offsetsLost(topic, 1);
    metrics.setLag(topic, new Map([[0, 1]]));
    for (const outcome of ["indexed", "duplicate", "dead-lettered", "skipped"] as const) {
      metrics.documents(topic, outcome, 1);
    }
  }
  metrics.forgetTopic("a");
  const lines = samples(await metrics.text());
  expect(lines.filter((line) => line.includes('topic="a"'))).toEqual([]);
  expect(lines.filter((line) => line.includes('topic="b"'))).toHaveLength(7);
});

test("two sets of metrics are two registries", async () => {
  const [one, other] = [createMetrics(), createMetrics()];
  one.setInFlightBytes(5);
  expect(samples(await other.text())).toContain("penstock_in_flight_bytes 0");
});

test("process metrics are true numbers", async () => {
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
