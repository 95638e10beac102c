import { Counter, Gauge, Histogram, prometheusContentType, Registry } from "prom-client";
import type { OutcomeKind, RetryReason } from "../rules/record.ts";
import { topicStates, type TopicState } from "../rules/status.ts";
import { registerProcessMetrics } from "./metrics-process.ts";

/** The type `Metrics.text()` is served as. */
export const metricsContentType: string = prometheusContentType;

/** What a host counts, for Prometheus. Counters start at 0 with the host and with each start of a topic. */
export interface Metrics {
  /** The type `text()` is served as. */
  readonly contentType: string;
  /** Everything in Prometheus' text format. */
  text(): Promise<string>;
  recordsConsumed(topic: string, count: number): void;
  documents(topic: string, outcome: OutcomeKind, count: number): void;
  bulkRetried(reason: RetryReason["code"]): void;
  bulkTook(durationMs: number): void;
  /** The lag of exactly the partitions this host owns; those given before and absent now lose their label. */
  setLag(topic: string, lagByPartition: ReadonlyMap<number, number>): void;
  offsetsLost(topic: string, count: number): void;
  /** The state of every topic there is. */
  setTopics(states: Iterable<TopicState>): void;
  reconciled(result: "done" | "failed", durationMs: number): void;
  sourceRead(source: "config" | "etcd", atMs: number): void;
  setBulkConcurrency(places: number): void;
  setInFlightBytes(bytes: number): void;
  /** Removes all labels of a topic that has stopped; call it after the last count. */
  forgetTopic(topic: string): void;
}

const outcomes: readonly OutcomeKind[] = ["indexed", "duplicate", "dead-lettered", "skipped"];

/** Metrics in a registry of their own. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  registerProcessMetrics(registry);

  const recordsConsumed = new Counter({
    name: "penstock_records_consumed_total",
    help: "Records read from Kafka.",
    labelNames: ["topic"],
    registers,
  });
  const documents = new Counter({
    name: "penstock_documents_total",
    help: "Records whose outcome is known: indexed, duplicate, dead-lettered or skipped.",
    labelNames: ["topic", "outcome"],
    registers,
  });
  const bulkRetries = new Counter({
    name: "penstock_bulk_retries_total",
    help: "Bulk requests that have to be tried again, by reason.",
    labelNames: ["reason"],
    registers,
  });
  const bulkDuration = new Histogram({
    name: "penstock_bulk_duration_seconds",
    help: "Time from sending a bulk request to its answer or failure.",
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    registers,
  });
  const lag = new Gauge({
    name: "penstock_consumer_lag",
    help: "Last stable offset minus committed offset, of the partitions this host owns.",
    labelNames: ["topic", "partition"],
    registers,
  });
  const offsetsLost = new Counter({
    name: "penstock_offsets_lost_total",
    help: "Offsets Kafka deleted before they were read.",
    labelNames: ["topic"],
    registers,
  });
  const topics = new Gauge({
    name: "penstock_topics",
    help: "Topics by state.",
    labelNames: ["state"],
    registers,
  });
  const reconciles = new Counter({
    name: "penstock_reconcile_total",
    help: "Reconcile runs by result: done, or failed where anything was left to try again.",
    labelNames: ["result"],
    registers,
  });
  const reconcileDuration = new Histogram({
    name: "penstock_reconcile_duration_seconds",
    help: "Time a reconcile run took.",
    buckets: [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
    registers,
  });
  const sourceSuccess = new Gauge({
    name: "penstock_source_last_success_timestamp_seconds",
    help: "When a source of declarations was last read without error, Unix time.",
    labelNames: ["source"],
    registers,
  });
  const inFlight = new Gauge({
    name: "penstock_in_flight_bytes",
    help: "Decoded record bytes held in memory, of all topics.",
    registers,
  });

  const bulkConcurrency = new Gauge({
    name: "penstock_bulk_concurrency",
    help: "Bulk requests allowed in flight at once: fewer than configured while Elasticsearch answers 429.",
    registers,
  });

  /** What has a lag label, by topic: prom-client cannot remove by one label of two. */
  const laggingPartitions = new Map<string, readonly number[]>();
  const setLag = (topic: string, lagByPartition: ReadonlyMap<number, number>) => {
    for (const partition of laggingPartitions.get(topic) ?? []) {
      if (!lagByPartition.has(partition)) lag.remove({ topic, partition });
    }
    for (const [partition, value] of lagByPartition) lag.set({ topic, partition }, value);
    if (lagByPartition.size === 0) laggingPartitions.delete(topic);
    else laggingPartitions.set(topic, [...lagByPartition.keys()]);
  };
  const setTopics = (states: Iterable<TopicState>) => {
    const counts = new Map<TopicState, number>(topicStates.map((state) => [state, 0]));
    for (const state of states) counts.set(state, (counts.get(state) ?? 0) + 1);
    for (const [state, count] of counts) topics.set({ state }, count);
  };

  // A rate over a counter that appears with its first failure would miss that failure.
  reconciles.inc({ result: "done" }, 0);
  reconciles.inc({ result: "failed" }, 0);
  setTopics([]);

  return {
    contentType: metricsContentType,
    text: () => registry.metrics(),
    recordsConsumed: (topic, count) => recordsConsumed.inc({ topic }, count),
    documents: (topic, outcome, count) => documents.inc({ topic, outcome }, count),
    bulkRetried: (reason) => bulkRetries.inc({ reason }),
    bulkTook: (durationMs) => bulkDuration.observe(durationMs / 1000),
    setLag,
    offsetsLost: (topic, count) => offsetsLost.inc({ topic }, count),
    setTopics,
    reconciled(result, durationMs) {
      reconciles.inc({ result });
      reconcileDuration.observe(durationMs / 1000);
    },
    sourceRead: (source, atMs) => sourceSuccess.set({ source }, atMs / 1000),
    setInFlightBytes: (bytes) => inFlight.set(bytes),
    setBulkConcurrency: (places) => bulkConcurrency.set(places),
    forgetTopic(topic) {
      setLag(topic, new Map());
      recordsConsumed.remove({ topic });
      offsetsLost.remove({ topic });
      for (const outcome of outcomes) documents.remove({ topic, outcome });
    },
  };
}
