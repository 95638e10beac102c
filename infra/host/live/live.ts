import type { HealthResult } from "../../../functions/health.ts";
import type { ThrottledLogger } from "../../../lib/adapters/log/log-throttle.ts";
import type { ListedTopic } from "../../../lib/rules/progress/holdings.ts";
import type { TopicStatus } from "../../../lib/rules/progress/status.ts";
import type { ReconcileLoop } from "../reconcile/reconcile-loop.ts";
import type { Reporter } from "../observe/reporter.ts";
import type { History, TopicSample } from "./history.ts";
import { createLiveHub, type LiveHub } from "./live-hub.ts";
import { sourceViews } from "./source-views.ts";

export interface LiveDeps {
  readonly history: History;
  readonly configPath: string;
  readonly loop: Pick<ReconcileLoop, "last" | "memory">;
  readonly reporter: Pick<Reporter, "lastSuccess">;
  topics(): readonly TopicStatus[];
  listed(this: void, statuses: readonly TopicStatus[]): readonly ListedTopic[];
  figures(): Iterable<TopicSample>;
  health(topics: readonly TopicStatus[]): HealthResult;
  inFlightBytes(): number;
  /** Milliseconds since the epoch. */
  now(): number;
  /** Monotonic clock, in milliseconds. */
  monotonicMs(): number;
  readonly failures: Pick<ThrottledLogger, "error">;
}

/**
 * Feeds the open pages of a host from its memory. What targets hold is asked for while
 * somebody looks at a topic, or at the overview while topics are behind.
 */
export function createLive(deps: LiveDeps): LiveHub {
  const startedAt = deps.now();
  const { history } = deps;
  return createLiveHub({
    history,
    figures: () => deps.figures(),
    now: () => deps.now(),
    monotonicMs: () => deps.monotonicMs(),
    failures: deps.failures,
    look() {
      const { last, memory } = deps.loop;
      const { etcd, kafka } = memory.settings;
      const statuses = deps.topics();
      return {
        at: deps.now(),
        startedAt,
        history,
        listed: deps.listed,
        statuses,
        health: deps.health(statuses),
        inFlight: { bytes: deps.inFlightBytes(), maxBytes: kafka.inFlightMaxBytes },
        sources: sourceViews(deps.configPath, etcd, last, (source) => deps.reporter.lastSuccess(source)),
        reconciled: last,
      };
    },
  });
}
