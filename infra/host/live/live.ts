import type { HealthResult } from "../../../functions/health.ts";
import type { ThrottledLogger } from "../../../lib/adapters/log/log-throttle.ts";
import type { ListedTopic } from "../../../lib/rules/progress/holdings.ts";
import type { TopicStatus } from "../../../lib/rules/progress/status.ts";
import type { ReconcileLoop } from "../reconcile/reconcile-loop.ts";
import type { Reporter } from "../observe/reporter.ts";
import type { TopicFigures } from "../topic/topic-figures.ts";
import type { HostSummary } from "../../api/live-messages.ts";
import type { History } from "./history.ts";
import { createLiveHub, type LiveHub } from "./live-hub.ts";
import type { LiveInput } from "./views.ts";
import { sourceViews } from "./source-views.ts";

export interface LiveDeps {
  readonly about: Pick<HostSummary, "name" | "version">;
  readonly history: History;
  readonly configPath: string;
  readonly loop: Pick<ReconcileLoop, "last" | "memory">;
  readonly reporter: Pick<Reporter, "lastSuccess" | "massStop">;
  topics(): readonly TopicStatus[];
  owners(this: void, topic: string): ReturnType<LiveInput["owners"]>;
  listed(this: void, statuses: readonly TopicStatus[]): readonly ListedTopic[];
  figures(): Iterable<TopicFigures>;
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
  const letters = { count: 0, at: null as number | null };
  /** The figures, of which each sample tells whether dead letters came. */
  const sampled = (): Iterable<TopicFigures> => {
    const all = [...deps.figures()];
    const count = all.reduce((sum, { deadLettered }) => sum + deadLettered, 0);
    if (count > letters.count) letters.at = deps.now();
    letters.count = count;
    return all;
  };
  return createLiveHub({
    history,
    about: deps.about,
    figures: sampled,
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
        owners: deps.owners,
        statuses,
        health: deps.health(statuses),
        deadLetteredAt: letters.at,
        massStop: deps.reporter.massStop(),
        inFlight: { bytes: deps.inFlightBytes(), maxBytes: kafka.inFlightMaxBytes },
        sources: sourceViews(deps.configPath, etcd, last, (source) => deps.reporter.lastSuccess(source)),
        reconciled: last,
      };
    },
  });
}
