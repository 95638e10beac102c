import { Counter, Gauge, Histogram, prometheusContentType, Registry } from "prom-client";
import { retryCodes, type RetryReason } from "../../rules/model/record.ts";
import { registerProcessMetrics } from "./metrics-process.ts";
import { registerTopicMetrics, type TopicMetrics } from "./metrics-topics.ts";

/** The type `Metrics.text()` is served as. */
export const metricsContentType: string = prometheusContentType;

/**
 * What a host counts, for Prometheus. Counters start at 0 with the host and with each start of a topic. The gauges are
 * set when somebody asks; between two scrapes nothing is done for a topic that is idle.
 */
export interface Metrics extends TopicMetrics {
  /** The type `text()` is served as. */
  readonly contentType: string;
  /** Everything in Prometheus' text format. */
  text(): Promise<string>;
  bulkRetried(reason: RetryReason["code"]): void;
  bulkTook(durationMs: number): void;
  reconciled(result: "done" | "failed", durationMs: number): void;
  setRefused(declarations: number): void;
  /** @param atMs milliseconds since the epoch; 0: never yet */
  sourceRead(source: SourceName, atMs: number): void;
  /** It is not configured any more. */
  forgetSource(source: SourceName): void;
  /** Every check of readiness there is, by its name; those given before and absent now lose their label. */
  setChecks(okByCheck: ReadonlyMap<string, boolean>): void;
  setBulkConcurrency(places: number): void;
  setInFlightBytes(bytes: number, limitBytes: number): void;
}

export type SourceName = "config" | "etcd";

/** Metrics in a registry of their own. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  registerProcessMetrics(registry);
  const topicMetrics = registerTopicMetrics(registry);

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
  const refused = new Gauge({
    name: "penstock_declarations_refused",
    help: "Declarations, or whole sources of them, that the last reconcile run did not take; what they said before holds.",
    registers,
  });
  const sourceSuccess = new Gauge({
    name: "penstock_source_last_success_timestamp_seconds",
    help: "When a source of declarations was last read without error, Unix time; 0: never since the host started.",
    labelNames: ["source"],
    registers,
  });
  const checks = new Gauge({
    name: "penstock_check_ok",
    help: "1 where a check of readiness holds, else 0; the host is ready when all are 1.",
    labelNames: ["check"],
    registers,
  });
  const inFlight = new Gauge({
    name: "penstock_in_flight_bytes",
    help: "Decoded record bytes held in memory, of all topics.",
    registers,
  });
  const inFlightLimit = new Gauge({
    name: "penstock_in_flight_limit_bytes",
    help: "How many of them there may be: kafka.inFlight.maxBytes.",
    registers,
  });
  const bulkConcurrency = new Gauge({
    name: "penstock_bulk_concurrency",
    help: "Bulk requests allowed in flight at once: fewer than configured while Elasticsearch answers 429.",
    registers,
  });

  // A rate over a counter that appears with its first failure would miss that failure.
  reconciles.inc({ result: "done" }, 0);
  reconciles.inc({ result: "failed" }, 0);
  for (const reason of retryCodes) bulkRetries.inc({ reason }, 0);

  return {
    ...topicMetrics,
    contentType: metricsContentType,
    text: () => registry.metrics(),
    bulkRetried: (reason) => bulkRetries.inc({ reason }),
    bulkTook: (durationMs) => bulkDuration.observe(secondsOf(durationMs)),
    reconciled(result, durationMs) {
      reconciles.inc({ result });
      reconcileDuration.observe(secondsOf(durationMs));
    },
    setRefused: (declarations) => refused.set(declarations),
    sourceRead: (source, atMs) => sourceSuccess.set({ source }, atMs / 1000),
    forgetSource: (source) => sourceSuccess.remove({ source }),
    setChecks(okByCheck) {
      checks.reset();
      for (const [check, ok] of okByCheck) checks.set({ check }, ok ? 1 : 0);
    },
    setInFlightBytes(bytes, limitBytes) {
      inFlight.set(bytes);
      inFlightLimit.set(limitBytes);
    },
    setBulkConcurrency: (places) => bulkConcurrency.set(places),
  };
}

/** A clock that was set back in between would make a sum fall, which reads as a restart. */
function secondsOf(durationMs: number): number {
  return Math.max(0, durationMs) / 1000;
}
