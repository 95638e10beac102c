import type { ConsumerCommands, StartOrder } from "../../../functions/reconcile-topics/apply-plan.ts";
import type { PartitionPosition } from "../../../lib/adapters/kafka/reader/reader.ts";
import type { DesiredTopic } from "../../../lib/rules/declarations/desired.ts";
import type { ObservedTopic } from "../../../lib/rules/plan/plan.ts";
import type { PartitionStatus, TopicState, TopicStatus } from "../../../lib/rules/progress/status.ts";
import type { TopicFigures } from "./topic-figures.ts";
import type { RunnerDeps, TopicRunner } from "./runner-deps.ts";
import { createTopicRunner } from "./topic-runner.ts";

/*
 * An entry exists from a topic's first `start` or `pend` until a `stop` is done. Commands to one topic are carried out
 * one after the other, and of those that wait only the newest:
 *
 * | command while | nothing is under way | a start is under way     | a drain is under way                   |
 * | start         | starts               | waits for it             | starts after the drain                 |
 * | stop          | drains, forgets      | calls it off, forgets    | the shorter time limit counts; forgets |
 * | replace       | drains, starts       | calls it off, starts     | starts after it, by the newest order   |
 * | pend          | drains, is pending   | calls it off, is pending | is pending after the drain             |
 * | stopAll       | drains               | calls it off             | the shorter time limit counts          |
 *
 * If the index changes, the drain has no time limit; if it is cut off all the same, the topic starts again with its
 * former specification and the change is retried.
 */

/** The only map from topic to consumer on this host. */
export interface ConsumerPool extends Pick<
  ConsumerCommands,
  "start" | "stop" | "replace" | "replacing" | "pend" | "describe"
> {
  observed(): ReadonlyMap<string, ObservedTopic>;
  /** Orders may have changed. */
  holdOrRead(topics: Iterable<string>): void;
  /** Does not wait for the topic's next try. @returns false if there is no such topic */
  tryNow(topic: string): boolean;
  /** The partitions of the topic that follow the current order; null: not all do yet. */
  following(topic: string): readonly number[] | null;
  /** The topics in state `pending`. */
  pending(): string[];
  statuses(): TopicStatus[];
  /** For all topics, unordered; much cheaper than `statuses`. */
  figures(): TopicFigures[];
  partitions(topic: string): readonly PartitionStatus[];
  observe(topic: string, positions: readonly PartitionPosition[]): void;
  readonly topics: ReadonlyMap<string, unknown>;
  /** Stops all topics at once. @returns those with uncommitted records */
  stopAll(drainMs: number): Promise<string[]>;
}

/** Time limit for draining a topic that is stopped or replaced. */
const DRAIN_MS = 10_000;
const MOVE_RETRY_MS = 1_000;

interface Entry {
  readonly runner: TopicRunner;
  order: StartOrder | null;
  /** True from a replacement's beginning until the topic runs. */
  replacing: boolean;
  /** Resolves when all commands so far are done. */
  work: Promise<unknown>;
  commands: number;
}

export function createConsumerPool(deps: RunnerDeps): ConsumerPool {
  const entries = new Map<string, Entry>();

  const entryOf = (topic: string, desired: DesiredTopic): Entry => {
    let entry = entries.get(topic);
    if (entry === undefined) {
      const runner = createTopicRunner(topic, desired, deps);
      entry = { runner, order: null, replacing: false, work: Promise.resolve(), commands: 0 };
      entries.set(topic, entry);
    }
    return entry;
  };

  /**
   * Runs the step once all earlier commands are done and `stopped` resolves, unless a newer command came by then: an
   * outdated start would leave a consumer beside its successor, or beyond its topic's end. Steps never throw.
   * @returns null if a newer command came
   */
  const then = <T>(
    entry: Entry,
    stopped: Promise<boolean> | null,
    step: (clean: boolean) => T | Promise<T>,
  ): Promise<T | null> => {
    entry.commands += 1;
    const { commands, work } = entry;
    const done = (async () => {
      await work;
      const clean = stopped === null || (await stopped);
      return commands === entry.commands ? step(clean) : null;
    })();
    entry.work = done;
    return done;
  };

  const launch = async (entry: Entry, order: StartOrder): Promise<string | null> => {
    const { runner } = entry;
    entry.order = order;
    await runner.start(order);
    if (runner.state === "running" || runner.state === "held") entry.replacing = false;
    return runner.problem;
  };

  /** Under the former specification, records with an unknown outcome meet their own documents when read again. */
  const fallBack = async (entry: Entry): Promise<string | null> => {
    if (entry.order !== null) await launch(entry, entry.order);
    const reason = "records in flight did not settle, so the index cannot change yet; retrying";
    deps.events.failed(entry.runner.spec.topic, reason, deps.time.now() + MOVE_RETRY_MS, null);
    return reason;
  };

  /** Begins at once, not in turn, to call off a start under way. */
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
      // Skipped if the topic was declared again meanwhile: the newer command goes on with this entry.
      await then(entry, stopForGood(entry), () => {
        entries.delete(topic);
        deps.events.forgotten(topic);
      });
    },
    replace(topic, order) {
      const entry = entryOf(topic, order.desired);
      // An _id is unique within one index only: before the index changes, every outcome must be known.
      const moves = entry.runner.spec.index !== order.desired.spec.index;
      const stopped = entry.runner.stop(order, moves ? null : DRAIN_MS);
      entry.replacing = true;
      return then(entry, stopped, (clean) => (clean || !moves ? launch(entry, order) : fallBack(entry)));
    },
    replacing() {
      const found = new Map<string, TopicState>();
      for (const [topic, entry] of entries) {
        const { state, problem } = entry.runner;
        // The group may have let it run meanwhile.
        if (state === "running" || state === "held") entry.replacing = false;
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
    holdOrRead(topics) {
      for (const topic of topics) entries.get(topic)?.runner.holdOrRead();
    },
    tryNow(topic) {
      const entry = entries.get(topic);
      entry?.runner.tryNow();
      return entry !== undefined;
    },
    following: (topic) => entries.get(topic)?.runner.following ?? null,
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
          // Drops commands that wait.
          entry.commands += 1;
          if (!(await entry.runner.stop(null, drainMs))) unclean.push(topic);
        }),
      );
      return unclean;
    },
  };
}
