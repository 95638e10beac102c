import type { HealthChecks, SourceHealth } from "../../../functions/health.ts";
import {
  declarationsInForce,
  type ReconcileResult,
  type SourceReport,
} from "../../../functions/reconcile-topics.ts";
import { wordsOf } from "../../../lib/adapters/kafka/client/explain-error.ts";
import type { ThrottledLogger } from "../../../lib/adapters/log/log-throttle.ts";
import type { Metrics } from "../../../lib/adapters/metrics/metrics.ts";
import { declarationChanges } from "../../../lib/rules/history/declaration-changes.ts";
import type { Declaration, Refusal } from "../../../lib/rules/model/declaration.ts";
import { firstNames } from "../../../lib/rules/base/first-names.ts";
import type { Logger } from "../../../lib/rules/base/logger.ts";
import { describeLost, lostOffsets, type LostRange } from "../../../lib/rules/offsets/position.ts";
import { noField } from "../../../lib/rules/outcomes/field-counts.ts";
import { refusalChanges, type KnownRefusals } from "../../../lib/rules/declarations/refusal-changes.ts";
import { type Remedy, remedyField } from "../../../lib/rules/remedies/remedy.ts";
import { remedyFor, type TopicNames } from "../../../lib/rules/remedies/topic.ts";
import type { TopicStatus } from "../../../lib/rules/progress/status.ts";
import type { TopicEvents } from "../topic/topic-events.ts";
import { createMassStops, type MassStop } from "./mass-stop.ts";

/** Turns what happens on a host into metrics, log lines and source health. */
export interface Reporter {
  /** The listener for a topic that starts. */
  pumpEvents(topic: string): TopicEvents;
  lost(topic: string, ranges: readonly LostRange[]): void;
  failed(topic: string, error: string, remedy: Remedy | null): void;
  /** Wraps the call and measures its duration. */
  timed<A extends unknown[], R>(call: (...args: A) => Promise<R>): (...args: A) => Promise<R>;
  reconciled(result: ReconcileResult, reasons: readonly string[]): void;
  /** Health as of the last read; etcd is null if it is not configured. */
  sources(etcdConfigured: boolean): { readonly config: SourceHealth; readonly etcd: SourceHealth | null };
  /** Time of the last successful read, in milliseconds since the epoch; null if there was none. */
  lastSuccess(source: "config" | "etcd"): number | null;
  /** When most topics stopped at once, for the overview. */
  massStop(): MassStop | null;
  /** Brings the gauges up to date. */
  refresh(statuses: readonly TopicStatus[], checks: HealthChecks, gauges: HostGauges): void;
}

/** Current resource usage of the host. */
export interface HostGauges {
  readonly inFlightBytes: number;
  /** `kafka.inFlight.maxBytes`. */
  readonly inFlightLimitBytes: number;
  readonly bulkConcurrency: number;
}

export interface ReporterDeps {
  readonly logger: Logger;
  readonly failures: ThrottledLogger;
  readonly metrics: Metrics;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** The names that remedies need. */
  names(this: void): Omit<TopicNames, "topic">;
}

export function createReporter({ logger, failures, metrics, now, names }: ReporterDeps): Reporter {
  const health = { config: unknownHealth, etcd: unknownHealth };
  const lastSuccess: Record<"config" | "etcd", number | null> = { config: null, etcd: null };
  const massStops = createMassStops(logger, now);

  const note = (name: "config" | "etcd", report: SourceReport): void => {
    const before = health[name];
    const at = new Date(now()).toISOString();
    const since = before.ok === report.ok && before.since !== null ? before.since : at;
    health[name] = { ok: report.ok, reason: report.error, since };
    if (report.ok) {
      if (!before.ok && before.since !== null) logger.info("a source can be read again", { source: name });
      lastSuccess[name] = now();
      metrics.sourceRead(name, now());
    } else {
      // Without a series, no alert would fire for a source that was never readable.
      if (lastSuccess[name] === null) metrics.sourceRead(name, 0);
      failures.error("a source cannot be used; its last valid declarations stay active", {
        reason: name,
        error: report.error,
      });
    }
  };

  /** The last run if it was interrupted: the next one repeats those of its steps that are still under way. */
  let cutShort: ReconcileResult | null = null;
  let refusals: KnownRefusals = new Map();
  /** @param told errors of whole sources, which the log already reports */
  const noteRefusals = (refused: readonly Refusal[], told: readonly (string | null)[]): void => {
    const single = refused.filter(
      ({ source, reason }) => "entry" in source || !told.some((error) => error?.includes(reason)),
    );
    const { known, fresh, over } = refusalChanges(refusals, single);
    refusals = known;
    const tell = (changed: readonly Refusal[], one: (refusal: Refusal) => void, rest: string): void => {
      for (const refusal of changed.slice(0, MOST_TOLD)) one(refusal);
      if (changed.length > MOST_TOLD) logger.warn(rest, { count: changed.length - MOST_TOLD });
    };
    const subject = ({ source, name }: Refusal) => ({ source: source.name, revision: source.revision, name });
    tell(
      fresh,
      (refusal) => {
        const { reason, lastGoodKept } = refusal;
        logger.warn("a declaration is refused", { ...subject(refusal), reason, lastGoodKept });
      },
      "more declarations are refused: GET /declarations lists all of them",
    );
    tell(
      over,
      (refusal) => logger.info("a declaration is no longer refused", subject(refusal)),
      "more declarations are no longer refused",
    );
  };

  let declared: readonly Declaration[] | null = null;
  let wasEtcdRead = false;
  /** Not of the first reading: what was declared before is not known. */
  const noteDeclarations = (memory: ReconcileResult["memory"]): void => {
    const before = declared;
    const isNewEtcd = memory.etcd !== null && !wasEtcdRead;
    declared = declarationsInForce(memory);
    wasEtcdRead = memory.etcd !== null;
    if (before === null) return;
    const changed = declarationChanges(before, declared).filter(
      ({ source }) => !(isNewEtcd && source.kind === "etcd"),
    );
    for (const { target, source, change, changes } of changed.slice(0, MOST_TOLD)) {
      const { name, revision } = source;
      logger.info("a declaration changed", { ...target, change, source: name, revision, changes });
    }
    if (changed.length > MOST_TOLD)
      logger.info("more declarations changed", { count: changed.length - MOST_TOLD });
  };

  return {
    pumpEvents(topic) {
      metrics.startTopic(topic);
      return {
        consumed: (records) => metrics.recordsConsumed(topic, records),
        outcomes(outcomes) {
          // Counts runs of equal outcomes, since most often all of them are equal.
          for (let at = 0, end = 1; at < outcomes.length; at = end, end += 1) {
            const outcome = outcomes[at] ?? null;
            while (end < outcomes.length && outcomes[end] === outcome) end += 1;
            if (outcome !== null) metrics.documents(topic, outcome, end - at);
          }
        },
        retried(retry, records) {
          const { code, message } = retry;
          metrics.bulkRetried(code);
          const remedy = remedyField(remedyFor({ kind: "retry", retry }, { topic, ...names() }));
          failures.warn("records are retried", { topic, reason: code, error: message, records, ...remedy });
        },
        gaveWay(fields) {
          for (const [field, records] of fields) {
            failures.warn("the mapping refused a field; its records are indexed in another form", {
              topic,
              ...(field === noField ? { reason: "no field named" } : { reason: `field ${field}`, field }),
              records,
            });
          }
        },
        setAside({ type, reason, records }) {
          failures.warn("a record batch became one dead letter", {
            topic,
            reason: type,
            error: reason,
            records,
          });
        },
        commitFailed: (error) => {
          failures.warn("a commit failed and is retried", {
            topic,
            reason: "commit",
            error: wordsOf(error),
          });
        },
      };
    },
    lost(topic, ranges) {
      for (const range of ranges) {
        metrics.rangeLost(topic, lostOffsets(range));
        logger.error("records were lost in Kafka", { topic, reason: describeLost(range), ...range });
      }
    },
    failed(topic, error, remedy) {
      const fields = { topic, reason: "failed", error, ...remedyField(remedy) };
      failures.warn("a topic failed and will be restarted", fields);
    },
    timed:
      (call) =>
      async (...args) => {
        const startedAt = now();
        try {
          return await call(...args);
        } finally {
          metrics.bulkTook(now() - startedAt);
        }
      },
    reconciled(result, reasons) {
      const { plan, conflicts, failed, durationMs, sources, kafka } = result;
      const clean = failed.length === 0 && kafka.ok && sources.config.ok && (sources.etcd?.ok ?? true);
      metrics.reconciled(clean ? "done" : "failed", durationMs);
      metrics.setRefused(plan.refused.length);
      note("config", sources.config);
      if (sources.etcd !== null) note("etcd", sources.etcd);
      else metrics.forgetSource("etcd");
      noteDeclarations(result.memory);
      noteRefusals(plan.refused, [sources.config.error, sources.etcd?.error ?? null]);
      for (const [error, topics] of Map.groupBy(failed, (failure) => failure.error)) {
        if (topics.length > MOST_TOLD) {
          const names = firstNames(topics.map(({ topic }) => topic));
          failures.warn("topics could not be reconciled", { reason: error, error, topics: names });
          continue;
        }
        for (const { topic } of topics)
          failures.warn("a topic could not be reconciled", { topic, reason: "reconcile", error });
      }
      const started = newIn(result.started, cutShort?.started);
      const stopped = newIn(result.stopped, cutShort?.stopped);
      const replaced = newIn(result.replaced, cutShort?.replaced);
      cutShort = result.interrupted ? result : null;
      if (started.length + stopped.length + replaced.length === 0) return;
      massStops.note({ started, stopped }, plan.keep.length + replaced.length);
      logger.info("reconciled", {
        reasons,
        started: firstNames(started),
        stopped: firstNames(stopped),
        replaced: firstNames(replaced),
        keep: plan.keep.length,
        pending: plan.pending.length,
        refused: plan.refused.length,
        conflicts: conflicts.length,
        failed: failed.length,
        durationMs,
      });
    },
    sources: (etcdConfigured) => ({ config: health.config, etcd: etcdConfigured ? health.etcd : null }),
    lastSuccess: (source) => lastSuccess[source],
    massStop: () => massStops.last(),
    refresh(statuses, checks, { inFlightBytes, inFlightLimitBytes, bulkConcurrency }) {
      metrics.setInFlightBytes(inFlightBytes, inFlightLimitBytes);
      metrics.setBulkConcurrency(bulkConcurrency);
      metrics.setChecks(
        new Map(Object.entries(checks).map(([name, { ok }]: [string, SourceHealth]) => [name, ok])),
      );
      metrics.setTopics(statuses);
      metrics.setGaveWay(statuses);
      for (const { topic, partitions } of statuses) {
        const lag = new Map<number, number>();
        const left = new Map<number, number>();
        for (const { partition, owned, lag: behind, lagAt, deletableAt } of partitions) {
          if (!owned) continue;
          // Drop old values: the last answer of an unreachable leader would suggest that the lag does not grow.
          if (behind !== null && now() - (lagAt ?? now()) < LAG_HOLDS_MS) lag.set(partition, behind);
          if (deletableAt !== null) left.set(partition, Math.round((deletableAt - now()) / 1000));
        }
        metrics.setLag(topic, lag);
        metrics.setRetentionLeft(topic, left);
      }
    },
  };
}

function newIn(topics: readonly string[], before: readonly string[] = []): readonly string[] {
  const known = new Set(before);
  return topics.filter((topic) => !known.has(topic));
}

/** Log lines per run: a broken producer may write thousands of declarations. */
const MOST_TOLD = 20;

const LAG_HOLDS_MS = 60_000;
const unknownHealth: SourceHealth = { ok: false, reason: "not read yet", since: null };
