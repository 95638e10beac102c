import type { KafkaCluster } from "../../../lib/adapters/kafka/queries/cluster.ts";
import type { FirstRecord } from "../../../lib/adapters/kafka/queries/record-reader.ts";
import type { PartitionPosition } from "../../../lib/adapters/kafka/reader/reader.ts";
import { messageOf } from "../../../lib/rules/base/errors.ts";
import type { Logger } from "../../../lib/rules/base/logger.ts";
import { isBehind, keptForMs } from "../../../lib/rules/progress/retention.ts";
import type { TopicStatus } from "../../../lib/rules/progress/status.ts";
import { startRounds } from "./rounds.ts";

/**
 * Asks the brokers for the end offsets of partitions that were not fetched for a while, since the lag of a stalled
 * topic keeps growing. Also asks for the retention of topics that are behind, and looks at the first record that waits in
 * each partition of a held topic: nobody else reads it, and its age says when Kafka deletes it.
 */
export interface LagWatch {
  /** Retention in milliseconds; null if unknown or not asked yet. */
  keptForMs(topic: string): number | null;
  /** Begins to look at these topics. */
  start(topics: WatchedTopics): void;
  stop(): Promise<void>;
}

export interface WatchedTopics {
  statuses(): readonly TopicStatus[];
  observe(topic: string, positions: readonly PartitionPosition[]): void;
}

export interface LagWatchDeps {
  /** Called with all statuses in every round. */
  onLook(statuses: readonly TopicStatus[]): void;
  readonly cluster: () => Pick<KafkaCluster, "positions" | "topicConfigs">;
  /** @throws PenstockError */
  firstRecords(
    topic: string,
    committed: ReadonlyMap<number, number | null>,
    signal: AbortSignal,
  ): Promise<readonly FirstRecord[]>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly logger: Logger;
}

const EVERY_MS = 5_000;
/** Above this, rounds are skipped: with 10,000 topics one look takes place every 15 s. */
const TOPICS_PER_ROUND = 4_000;
/** Twice the long poll of a healthy consumer, whose fetches report the same offsets. */
const STANDS_AFTER_MS = 10_000;
const QUESTION_MS = 8_000;
const CONFIG_KEPT_MS = 600_000;
/** A held topic is looked at only until a record was found, and again once that is due to be deleted. */
const HELD_EVERY_MS = 60_000;
/** Within that time: each look opens connections of its own. */
const HELD_AT_ONCE = 20;
/** One request if the host may describe all of them; otherwise one request each. */
const CONFIGS_AT_ONCE = 100;

export function createLagWatch(deps: LagWatchDeps): LagWatch {
  const life = new AbortController();
  const kept = new Map<string, { readonly ms: number | null; readonly atMs: number }>();
  const deadline = (): AbortSignal => AbortSignal.any([life.signal, AbortSignal.timeout(QUESTION_MS)]);

  const lookAtLogs = async (statuses: readonly TopicStatus[], topics: WatchedTopics): Promise<void> => {
    const wanted = standing(statuses, deps.now());
    if (wanted.size === 0) return;
    const told = await deps.cluster().positions(wanted, deadline());
    for (const [topic, positions] of told) topics.observe(topic, positions);
  };

  const lookAtRetention = async (statuses: readonly TopicStatus[]): Promise<void> => {
    const now = deps.now();
    const behind = statuses.filter(
      ({ trouble, partitions }) => trouble !== null || partitions.some((one) => isBehind(one, now)),
    );
    const known = new Set(statuses.map(({ topic }) => topic));
    for (const [topic, { atMs }] of kept)
      if (!known.has(topic) || now - atMs >= CONFIG_KEPT_MS) kept.delete(topic);
    const due = behind.map(({ topic }) => topic).filter((topic) => !kept.has(topic));
    const asked = due.slice(0, CONFIGS_AT_ONCE);
    if (asked.length === 0) return;
    const configs = await deps.cluster().topicConfigs(asked, deadline());
    for (const topic of asked) {
      const config = configs.get(topic);
      kept.set(topic, { ms: config === undefined ? null : keptForMs(config), atMs: now });
    }
  };

  /** When a held topic was last looked at. */
  const looked = new Map<string, number>();
  const lookAtHeld = async (statuses: readonly TopicStatus[], topics: WatchedTopics): Promise<void> => {
    const now = deps.now();
    for (const [topic, atMs] of looked) if (now - atMs >= HELD_EVERY_MS) looked.delete(topic);
    const held = statuses.filter(({ topic, state }) => state === "held" && !looked.has(topic));
    for (const { topic, partitions } of held) {
      const waiting = partitions.filter(
        ({ owned, lag, oldestUnreadAt, deletableAt }) =>
          owned && (lag ?? 0) > 0 && (oldestUnreadAt === null || (deletableAt ?? Infinity) <= now),
      );
      if (waiting.length === 0) continue;
      if (looked.size >= HELD_AT_ONCE) break;
      looked.set(topic, now);
      const committed = new Map(waiting.map((one) => [one.partition, one.committed]));
      const found = await deps.firstRecords(topic, committed, deadline());
      const tops = new Map(waiting.map((one) => [one.partition, one.highWatermark]));
      topics.observe(
        topic,
        found.map(({ partition, logStart, lastStableOffset, first }) => {
          const highWatermark = tops.get(partition) ?? lastStableOffset;
          return { partition, logStart, lastStableOffset, highWatermark, first };
        }),
      );
    }
  };

  /** Rounds left to skip. */
  let resting = 0;
  const round = async (topics: WatchedTopics): Promise<void> => {
    resting -= 1;
    if (resting >= 0) return;
    const statuses = topics.statuses();
    resting = Math.floor(statuses.length / TOPICS_PER_ROUND);
    deps.onLook(statuses);
    for (const look of [lookAtLogs, lookAtHeld, lookAtRetention]) {
      // The monitor already reports an unreachable Kafka, and every lag carries the time it is from.
      await look(statuses, topics).catch((error: unknown) => {
        deps.logger.debug("Kafka could not be asked for end offsets", { error: messageOf(error) });
      });
    }
  };
  let stop = (): Promise<void> => Promise.resolve();

  return {
    keptForMs: (topic) => kept.get(topic)?.ms ?? null,
    start(topics) {
      stop = startRounds(life, { everyMs: EVERY_MS, atOnce: false }, () => round(topics));
    },
    stop: () => stop(),
  };
}

/** Owned partitions without news from a fetch for a while; of held topics, which are not fetched, all. */
function standing(statuses: readonly TopicStatus[], now: number): Map<string, Set<number>> {
  const found = new Map<string, Set<number>>();
  for (const { topic, state, partitions } of statuses) {
    const stands = partitions.filter(
      ({ owned, lagAt, progressAt }) =>
        owned && (state === "held" || now - (lagAt ?? progressAt ?? now) >= STANDS_AFTER_MS),
    );
    if (stands.length > 0) found.set(topic, new Set(stands.map(({ partition }) => partition)));
  }
  return found;
}
