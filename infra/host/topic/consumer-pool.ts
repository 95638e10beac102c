import type { ConsumerCommands, StartOrder } from "../../../functions/reconcile-topics/apply-plan.ts";
import type { PartitionPosition } from "../../../lib/adapters/kafka/reader/reader.ts";
import type { DesiredTopic } from "../../../lib/rules/declarations/desired.ts";
import type { ObservedTopic } from "../../../lib/rules/plan/plan.ts";
import type { PartitionStatus, TopicState, TopicStatus } from "../../../lib/rules/progress/status.ts";
import type { TopicFigures } from "./topic-figures.ts";
import { createTopicRunner, type RunnerDeps, type TopicRunner } from "./topic-runner.ts";

/** The only map from topic to consumer on this host. */
export interface ConsumerPool extends Pick<
  ConsumerCommands,
  "start" | "stop" | "replace" | "replacing" | "pend" | "describe"
> {
  observed(): ReadonlyMap<string, ObservedTopic>;
  /** Those that wait until they exist. */
  pending(): string[];
  statuses(): TopicStatus[];
  /** Of all of them, in any order, and much cheaper. */
  figures(): TopicFigures[];
  /** Of one topic; none where it is not here. */
  partitions(topic: string): readonly PartitionStatus[];
  /** Tells a topic where its logs stand on the brokers. */
  observe(topic: string, positions: readonly PartitionPosition[]): void;
  /** All that are here, by name. */
  readonly topics: ReadonlyMap<string, unknown>;
  /** Stops everything side by side. @returns the topics of which something stayed uncommitted */
  stopAll(drainMs: number): Promise<string[]>;
}

export interface PoolDeps extends RunnerDeps {
  /** It is gone from this host; nothing is counted for it any more. */
  onForgotten(topic: string): void;
}

/** How long a topic that stops or is replaced may take to finish what it has sent. */
const DRAIN_MS = 10_000;
const MOVE_RETRY_MS = 1_000;

interface Entry {
  readonly runner: TopicRunner;
  /** What it was last started with. */
  order: StartOrder | null;
  /** True from a replacement's beginning until it was seen to run. */
  replacing: boolean;
  /** The end of what was told it so far: one thing is done to a topic at a time. */
  work: Promise<unknown>;
  /** How often it was told something. */
  told: number;
}

export function createConsumerPool(deps: PoolDeps): ConsumerPool {
  const entries = new Map<string, Entry>();

  const entryOf = (topic: string, desired: DesiredTopic): Entry => {
    let entry = entries.get(topic);
    if (entry === undefined) {
      const runner = createTopicRunner(topic, desired, deps);
      entry = { runner, order: null, replacing: false, work: Promise.resolve(), told: 0 };
      entries.set(topic, entry);
    }
    return entry;
  };

  /**
   * Does it once everything told before is done and what ran has stopped, unless something newer was told by then:
   * done all the same, an overtaken start would leave a consumer beside its successor, or beyond its topic's end.
   * The steps of a runner never throw.
   * @returns null where it was overtaken
   */
  const then = <T>(
    entry: Entry,
    stopped: Promise<boolean> | null,
    step: (clean: boolean) => T | Promise<T>,
  ): Promise<T | null> => {
    entry.told += 1;
    const { told, work } = entry;
    const done = (async () => {
      await work;
      const clean = stopped === null || (await stopped);
      return told === entry.told ? step(clean) : null;
    })();
    entry.work = done;
    return done;
  };

  const launch = async (entry: Entry, order: StartOrder): Promise<string | null> => {
    const { runner } = entry;
    entry.order = order;
    await runner.start(order);
    if (runner.problem === null) entry.replacing = false;
    return runner.problem;
  };

  /** Read again under the former specification, what was left half known meets its own documents. */
  const fallBack = async (entry: Entry): Promise<string | null> => {
    if (entry.order !== null) await launch(entry, entry.order);
    const reason = "what was in flight did not settle, so the index cannot change yet; tried again";
    deps.onFailed(entry.runner.spec.topic, reason, deps.time.now() + MOVE_RETRY_MS);
    return reason;
  };

  /** Begun at once and not in turn, so that a start under way is called off. */
  const stopForGood = (entry: Entry): Promise<boolean> => {
    entry.replacing = false;
    return entry.runner.stop(null, DRAIN_MS);
  };

  return {
    topics: entries,
    start(topic, order) {
      const entry = entryOf(topic, order.desired);
      return then(entry, null, () => launch(entry, order));
    },
    async stop(topic) {
      const entry = entries.get(topic);
      if (entry === undefined) return;
      // Skipped where it was declared again in the meantime: what waits behind the stop goes on with this entry.
      await then(entry, stopForGood(entry), () => {
        entries.delete(topic);
        deps.onForgotten(topic);
      });
    },
    replace(topic, order) {
      const entry = entryOf(topic, order.desired);
      // An _id is unique within one index only: before the index changes, nothing may be left half known.
      const moves = entry.runner.spec.index !== order.desired.spec.index;
      const stopped = entry.runner.stop(order, moves ? null : DRAIN_MS);
      entry.replacing = true;
      return then(entry, stopped, (clean) => (clean || !moves ? launch(entry, order) : fallBack(entry)));
    },
    replacing() {
      const found = new Map<string, TopicState>();
      for (const [topic, entry] of entries) {
        const { state, problem } = entry.runner;
        // What kept it from running may have gone by itself.
        if (state === "running") entry.replacing = false;
        if (entry.replacing) found.set(topic, problem === null ? state : "failed");
      }
      return found;
    },
    async pend(topic, desired, reason) {
      const entry = entryOf(topic, desired);
      const stopped = entry.runner.hash === null ? null : stopForGood(entry);
      await then(entry, stopped, () => entry.runner.pend(desired, reason));
    },
    describe: (topic, desired) => entries.get(topic)?.runner.describe(desired),
    observed: () =>
      new Map(
        [...entries].map(([topic, { runner }]) => {
          const { spec, sources, state, hash, retryAtMs } = runner;
          return [topic, { spec, sources, state, hash, retryAtMs }];
        }),
      ),
    pending() {
      const found: string[] = [];
      for (const [topic, { runner }] of entries) if (runner.state === "pending") found.push(topic);
      return found;
    },
    statuses: () =>
      [...entries.values()].map(({ runner }) => runner.status()).sort((a, b) => (a.topic < b.topic ? -1 : 1)),
    figures: () => Array.from(entries.values(), ({ runner }) => runner.figures()),
    partitions: (topic) => entries.get(topic)?.runner.status().partitions ?? [],
    observe: (topic, positions) => entries.get(topic)?.runner.observe(positions),
    async stopAll(drainMs) {
      const unclean: string[] = [];
      await Promise.all(
        [...entries].map(async ([topic, entry]) => {
          // What waits for its turn is not begun any more.
          entry.told += 1;
          if (!(await entry.runner.stop(null, drainMs))) unclean.push(topic);
        }),
      );
      return unclean;
    },
  };
}
