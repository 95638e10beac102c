import type { IgnoredFields } from "../../../functions/digest-dead-letters/read-ignored-fields.ts";
import { messageOf } from "../../../lib/rules/base/errors.ts";
import type { Logger } from "../../../lib/rules/base/logger.ts";
import { startRounds } from "./rounds.ts";

/** Regularly asks Elasticsearch which fields its documents ignored, for the metrics. */
export interface IgnoredWatch {
  stop(): Promise<void>;
}

export interface IgnoredWatchDeps {
  /** Topics whose first partition this host owns, so that no two hosts ask about the same topic. */
  topics(): readonly string[];
  /** Looks at the documents of the last hour. */
  ask(topics: readonly string[], signal: AbortSignal): Promise<IgnoredFields>;
  /** @param documents number of documents by field */
  show(topic: string, documents: ReadonlyMap<string, number>): void;
  /** Monotonic clock, in milliseconds. */
  readonly monotonicMs: () => number;
  readonly logger: Pick<Logger, "debug">;
}

const LOOK_MS = 5_000;
const EVERY_MS = 60_000;
/** Slow answers stretch the interval, so that this question takes at most 1 % of Elasticsearch's time. */
const REST = 100;
const QUESTION_MS = 10_000;

export function createIgnoredWatch(deps: IgnoredWatchDeps): IgnoredWatch {
  const life = new AbortController();
  let dueMs = deps.monotonicMs();
  let shown: readonly string[] = [];

  const look = async (): Promise<void> => {
    const topics = deps.topics();
    const present = new Set(topics);
    for (const topic of shown) if (!present.has(topic)) deps.show(topic, new Map());
    shown = shown.filter((topic) => present.has(topic));
    const beganMs = deps.monotonicMs();
    if (topics.length === 0 || beganMs < dueMs) return;
    const signal = AbortSignal.any([life.signal, AbortSignal.timeout(QUESTION_MS)]);
    try {
      const { fields, problems } = await deps.ask(topics, signal);
      if (problems.length > 0) deps.logger.debug("ignored fields are not counted", { problems });
      if (problems.length > 0 && fields.length === 0) return;
      const byTopic = Map.groupBy(fields, ({ topic }) => topic);
      for (const topic of topics) {
        const own = (byTopic.get(topic) ?? []).filter(({ why }) => why !== "refused");
        deps.show(topic, new Map(own.map(({ field, records }) => [field, records])));
      }
      shown = topics;
    } finally {
      dueMs = beganMs + Math.max(EVERY_MS, REST * (deps.monotonicMs() - beganMs));
    }
  };

  const stop = startRounds(life, { everyMs: LOOK_MS, atOnce: false }, () =>
    // The monitor already reports an unreachable Elasticsearch.
    look().catch((error: unknown) => {
      deps.logger.debug("Elasticsearch could not be asked for ignored fields", { error: messageOf(error) });
    }),
  );
  return { stop };
}
