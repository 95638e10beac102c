import { Histogram, prometheusContentType, Registry } from "prom-client";
import { retryCodes, type RetryReason } from "../../rules/model/record.ts";
import { metricsOf } from "./metrics-of.ts";
import { registerProcessMetrics } from "./metrics-process.ts";
import { registerTopicMetrics, type TopicMetrics } from "./metrics-topics.ts";

/** The content type of `Metrics.text()`. */
export const metricsContentType: string = prometheusContentType;

/**
 * The host's Prometheus metrics. Counters start at 0 with the host or the topic. Gauges are set when scraped, so an
 * idle topic costs nothing between scrapes.
 */
export interface Metrics extends TopicMetrics {
  /** The content type of `text()`. */
  readonly contentType: string;
  /** Returns all metrics in Prometheus' text format. */
  text(): Promise<string>;
  bulkRetried(reason: RetryReason["code"]): void;
  bulkTook(durationMs: number): void;
  reconciled(result: "done" | "failed", durationMs: number): void;
  setRefused(declarations: number): void;
  /** @param atMs milliseconds since the epoch; 0 if never */
  sourceRead(source: SourceName, atMs: number): void;
  /** Removes a source that is no longer configured. */
  forgetSource(source: SourceName): void;
  /** Sets all readiness checks by name; those no longer given lose their label. */
  setChecks(okByCheck: ReadonlyMap<string, boolean>): void;
  setBulkConcurrency(places: number): void;
  setInFlightBytes(bytes: number, limitBytes: number): void;
}

export type SourceName = "config" | "etcd";

/** Metrics in a registry of their own. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  const { counter, gauge } = metricsOf(registry);
  registerProcessMetrics(registry);
  const topicMetrics = registerTopicMetrics(registry);

  const bulkRetries = counter(
    "penstock_bulk_retries_total",
    "Bulk requests that must be retried, by reason.",
    ["reason"],
  );
  const bulkDuration = new Histogram({
    name: "penstock_bulk_duration_seconds",
    help: "Time from sending a bulk request to its answer or failure.",
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    registers: [registry],
  });
  const reconciles = counter(
    "penstock_reconcile_total",
    "Reconcile runs by result: done, or failed if anything must be retried.",
    ["result"],
  );
  const reconcileDuration = new Histogram({
    name: "penstock_reconcile_duration_seconds",
    help: "Time a reconcile run took.",
    buckets: [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
    registers: [registry],
  });
  const refused = gauge(
    "penstock_declarations_refused",
    "Declarations or whole sources that the last reconcile run refused; their last good version stays in use.",
  );
  const sourceSuccess = gauge(
    "penstock_source_last_success_timestamp_seconds",
    "When a source of declarations was last read without error, Unix time; 0: never since the host started.",
    ["source"],
  );
  const checks = gauge(
    "penstock_check_ok",
    "1 if a readiness check passes, else 0; the host is ready when all are 1.",
    ["check"],
  );
  const inFlight = gauge("penstock_in_flight_bytes", "Decoded record bytes held in memory, of all topics.");
  const inFlightLimit = gauge(
    "penstock_in_flight_limit_bytes",
    "Upper limit for penstock_in_flight_bytes: kafka.inFlight.maxBytes.",
  );
  const bulkConcurrency = gauge(
    "penstock_bulk_concurrency",
    "Bulk requests allowed in flight at once: fewer than configured while Elasticsearch answers 429.",
  );

  // Without these, a rate would miss the first failure: the series would only appear with it.
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

/** Never negative: a clock set back would make a sum fall, which Prometheus reads as a restart. */
function secondsOf(durationMs: number): number {
  return Math.max(0, durationMs) / 1000;
}
