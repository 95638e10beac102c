import type { TargetHoldings } from "../../../lib/adapters/elasticsearch/holdings/holdings.ts";
import { abortable } from "../../../lib/rules/base/abortable.ts";
import { messageOf } from "../../../lib/rules/base/errors.ts";
import type { Logger } from "../../../lib/rules/base/logger.ts";
import type { Specification } from "../../../lib/rules/model/declaration.ts";
import {
  lateReading,
  type HeldTopic,
  oldestUnread,
  unknownHoldings,
} from "../../../lib/rules/progress/holdings.ts";
import type { TopicStatus } from "../../../lib/rules/progress/status.ts";

/**
 * Knows what the targets of topics hold. It asks Elasticsearch only while somebody looks, about all due targets together,
 * and about each at most once a minute. Nothing that moves records waits for it.
 */
export interface HoldingsWatch {
  /** Adds to topics what their targets hold, as last known. Somebody looks at them: what is due is asked in the background. */
  listed(statuses: readonly TopicStatus[]): readonly HeldTopic[];
  /** The same for all topics. If a target was never asked about, waits for the answer, but not for long. */
  listAll(statuses: () => readonly TopicStatus[]): Promise<readonly HeldTopic[]>;
  stop(): Promise<void>;
}

export interface HoldingsWatchDeps {
  /** Every topic of this host. */
  specs(): Iterable<Pick<Specification, "topic" | "index">>;
  /** @param targets the topics that are written to each index */
  ask(
    targets: ReadonlyMap<string, readonly string[]>,
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, TargetHoldings>>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Monotonic clock, in milliseconds. */
  readonly monotonicMs: () => number;
  readonly logger: Pick<Logger, "debug">;
}

const EVERY_MS = 60_000;
/** Slow answers stretch the interval, so that this question takes at most 1 % of Elasticsearch's time. */
const REST = 100;
const QUESTION_MS = 15_000;
/** How long a list waits for a first answer; most take some milliseconds. */
const FIRST_ANSWER_MS = 1_000;

interface Known extends TargetHoldings {
  /** When Elasticsearch said so, in milliseconds since the epoch; null if it never did. */
  readonly at: number | null;
}

export function createHoldingsWatch(deps: HoldingsWatchDeps): HoldingsWatch {
  const life = new AbortController();
  const known = new Map<string, Known>();
  /** When a target may be asked about again, by the monotonic clock. */
  const dueMs = new Map<string, number>();
  let asking: Promise<void> | null = null;

  const read = async (due: readonly string[]): Promise<void> => {
    const beganMs = deps.monotonicMs();
    const topicsOf = Map.groupBy(deps.specs(), ({ index }) => index);
    for (const index of known.keys()) if (!topicsOf.has(index)) forget(index);
    const targets = new Map(
      due.flatMap((index) => {
        const specs = topicsOf.get(index);
        return specs === undefined ? [] : [[index, specs.map(({ topic }) => topic)] as const];
      }),
    );
    try {
      const signal = AbortSignal.any([life.signal, AbortSignal.timeout(QUESTION_MS)]);
      for (const [index, held] of await deps.ask(targets, signal))
        known.set(index, { ...held, at: deps.now() });
    } catch (error) {
      // The monitor reports an Elasticsearch that is down. What was known stays, with its time.
      deps.logger.debug("Elasticsearch could not be asked what targets hold", { error: messageOf(error) });
      const reason = `Elasticsearch could not be asked: ${messageOf(error)}`;
      for (const index of targets.keys()) {
        const before = known.get(index);
        known.set(
          index,
          before === undefined
            ? { holdings: unknownHoldings(reason), documentsOf: new Map(), at: null }
            : { ...before, holdings: { ...before.holdings, reason } },
        );
      }
    }
    const againMs = beganMs + Math.max(EVERY_MS, REST * (deps.monotonicMs() - beganMs));
    for (const index of due) dueMs.set(index, againMs);
  };

  const forget = (index: string): void => {
    known.delete(index);
    dueMs.delete(index);
  };

  const look = (statuses: readonly TopicStatus[]): void => {
    if (asking !== null || life.signal.aborted) return;
    const nowMs = deps.monotonicMs();
    const due = new Set(
      statuses.map(({ spec }) => spec.index).filter((index) => (dueMs.get(index) ?? nowMs) <= nowMs),
    );
    if (due.size === 0) return;
    asking = read([...due]).finally(() => {
      asking = null;
    });
  };

  const shown = (status: TopicStatus): HeldTopic => {
    const { topic, spec, partitions } = status;
    const found = known.get(spec.index);
    if (found === undefined) return { ...status, target: null };
    const { holdings, documentsOf, at } = found;
    const now = deps.now();
    const warning = lateReading(spec.index, holdings, oldestUnread(partitions, holdings.kind, now), now);
    const topicDocuments = documentsOf.get(topic) ?? null;
    return { ...status, target: { name: spec.index, ...holdings, topicDocuments, at, warning } };
  };

  return {
    listed(statuses) {
      look(statuses);
      return statuses.map(shown);
    },
    async listAll(statuses) {
      const patience = AbortSignal.any([life.signal, AbortSignal.timeout(FIRST_ANSWER_MS)]);
      const isAsked = ({ spec }: TopicStatus): boolean => known.has(spec.index);
      let all = statuses();
      look(all);
      while (asking !== null && !patience.aborted && !all.every(isAsked)) {
        // Ends with the patience alone: a failed answer is known too.
        await abortable(asking, patience).catch(() => {});
        all = statuses();
        look(all);
      }
      return all.map(shown);
    },
    async stop() {
      life.abort(new Error("the host is stopping"));
      await asking;
    },
  };
}
