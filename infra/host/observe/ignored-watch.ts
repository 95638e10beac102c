import type { IgnoredFields } from "../../../functions/digest-dead-letters/read-ignored-fields.ts";
import { messageOf } from "../../../lib/rules/base/errors.ts";
import type { Logger } from "../../../lib/rules/base/logger.ts";
import { startRounds } from "./rounds.ts";

/** Asks Elasticsearch now and then which fields gave way in topics of this host, for the metrics. */
export interface IgnoredWatch {
  stop(): Promise<void>;
}

export interface IgnoredWatchDeps {
  /** Those whose first partition is this host's: of several hosts each topic has one that asks for it. */
  topics(): readonly string[];
  /** Of the documents of the last hour. */
  ask(topics: readonly string[], signal: AbortSignal): Promise<IgnoredFields>;
  /** How many documents there are by field, of a topic that was asked for. */
  show(topic: string, documents: ReadonlyMap<string, number>): void;
  /** Milliseconds of a clock that is never set. */
  readonly monotonicMs: () => number;
  readonly logger: Pick<Logger, "debug">;
}

const LOOK_MS = 5_000;
const EVERY_MS = 60_000;
/** An Elasticsearch that takes long over the answer is asked more seldom: it takes a hundredth of its time at most. */
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
    // That Elasticsearch does not answer, the monitor says.
    look().catch((error: unknown) => {
      deps.logger.debug("Elasticsearch was asked for ignored fields", { error: messageOf(error) });
    }),
  );
  return { stop };
}
