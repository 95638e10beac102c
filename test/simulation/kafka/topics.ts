import type { SeededRandom } from "../../../infra/bench/kit/random.ts";
import type { Time } from "../../../lib/rules/base/time.ts";
import type { Controller } from "./controller.ts";
import { OFFSETS_TOPIC, partitionIn, type TopicImage } from "./image.ts";
import type { NewRecord, SimulatedBatch } from "./records.ts";
import { Replicas } from "./replicas.ts";

/** The topics and their logs. */
export interface SimulatedTopics {
  /** All existing topics except Kafka's own. */
  topics(): ReadonlySet<string>;
  createTopic(name: string, partitions: number): void;
  /** Brokers learn of it one after another. */
  deleteTopic(name: string): void;
  addPartitions(name: string, upTo: number): void;
  partitionsOf(name: string): number;
  /** @param producerId its first batch starts its transaction; -1 if none @returns null if it cannot be written now */
  append(
    topic: string,
    partition: number,
    records: readonly NewRecord[],
    producerId?: number,
  ): SimulatedBatch | null;
  /** Writes the marker. @returns whether it could be written */
  endTransaction(topic: string, partition: number, producerId: number, how: "commit" | "abort"): boolean;
  /** Retention: deletes everything before that offset. @returns the log's start */
  expire(topic: string, partition: number, before: number): number;
  /** An unclean election: loses records from there on, and reuses their offsets. @returns the log's end */
  truncate(topic: string, partition: number, offset: number): number;
  /** One partition on all brokers; undefined if it does not exist. */
  replicas(topic: string, partition: number): Replicas | undefined;
  /** By the topic's id, even if it is deleted. */
  replicasOf(topicId: number, partition: number): Replicas | undefined;
}

export interface TopicsOptions {
  readonly time: Time;
  readonly random: SeededRandom;
  readonly controller: () => Controller;
  /** Whether that broker is running and not frozen. */
  readonly works: (nodeId: number) => boolean;
  /** Rechecks its long polls. */
  readonly poke: (nodeId: number) => void;
}

/** The leader shows records once the followers have them. */
const REPLICATED_AFTER_MS = { least: 0.2, spread: 1.5 } as const;
/** Followers learn the leader's high watermark with their next fetch, which comes late if nothing else is written. */
const LEARNED_AFTER_MS = { quick: 2, slow: 500, slowOneIn: 3 } as const;
/** `min.insync.replicas`, if there are that many brokers. */
const IN_SYNC = 2;

export function createTopics(options: TopicsOptions): SimulatedTopics & { replicateAll(): void } {
  const { time, random, controller, works, poke } = options;
  const logs = new Map<number, Replicas[]>();
  const delayMs = (): number => REPLICATED_AFTER_MS.least + random.next() * REPLICATED_AFTER_MS.spread;

  const learnMs = (): number => {
    const { quick, slow, slowOneIn } = LEARNED_AFTER_MS;
    return random.next() * (random.below(slowOneIn) === 0 ? slow : quick);
  };

  const setUp = (name: string, { id, partitions }: TopicImage): void => {
    const list = logs.get(id) ?? [];
    logs.set(id, list);
    for (let partition = list.length; partition < partitions.length; partition += 1)
      list.push(new Replicas(name, partition));
  };

  const replicas = (topic: string, partition: number): Replicas | undefined =>
    logs.get(controller().image.topics.get(topic)?.id ?? -1)?.[partition];

  /** The leader shows new records, and the others later. */
  const replicate = (topic: string, partition: number, of: Replicas, afterMs = delayMs()): void => {
    const { end } = of.log;
    const move = (nodeId: number): void => {
      if (works(nodeId) && of.advance(nodeId, end)) poke(nodeId);
    };
    time.after(afterMs, () => {
      const image = partitionIn(controller().image, topic, partition);
      if (image === undefined || !works(image.leader)) return;
      move(image.leader);
      for (const follower of image.replicas)
        if (follower !== image.leader) time.after(learnMs(), () => move(follower));
    });
  };

  /** Null if it has no leader or too few followers. */
  const writable = (topic: string, partition: number): Replicas | null => {
    const { alive } = controller().image;
    const image = partitionIn(controller().image, topic, partition);
    if (image === undefined || !works(image.leader)) return null;
    const inSync = image.replicas.filter((id) => alive.has(id) && works(id)).length;
    if (inSync < Math.min(IN_SYNC, image.replicas.length)) return null;
    return replicas(topic, partition) ?? null;
  };

  return {
    topics: () => new Set([...controller().image.topics.keys()].filter((name) => name !== OFFSETS_TOPIC)),
    createTopic: (name, partitions) => setUp(name, controller().createTopic(name, partitions)),
    deleteTopic: (name) => controller().deleteTopic(name),
    addPartitions: (name, upTo) => setUp(name, controller().addPartitions(name, upTo)),
    partitionsOf: (name) => controller().image.topics.get(name)?.partitions.length ?? 0,
    append(topic, partition, records, producerId = -1) {
      const of = writable(topic, partition);
      if (of === null) return null;
      const batch = of.log.append(records, producerId);
      replicate(topic, partition, of);
      return batch;
    },
    endTransaction(topic, partition, producerId, how) {
      const of = writable(topic, partition);
      if (of === null) return false;
      of.log.endTransaction(producerId, how);
      replicate(topic, partition, of);
      return true;
    },
    expire(topic, partition, before) {
      const of = replicas(topic, partition);
      // Records that are not shown yet are not deleted.
      of?.log.deleteBefore(Math.min(before, of.shownUpTo));
      return of?.log.start ?? 0;
    },
    truncate(topic, partition, offset) {
      const of = replicas(topic, partition);
      of?.truncate(offset);
      return of?.log.end ?? 0;
    },
    replicas,
    replicasOf: (topicId, partition) => logs.get(topicId)?.[partition],
    replicateAll() {
      for (const [name, { id, partitions }] of controller().image.topics) {
        if (name === OFFSETS_TOPIC) continue;
        for (const partition of partitions.keys()) {
          const of = logs.get(id)?.[partition];
          if (of !== undefined && of.log.end > 0) replicate(name, partition, of, learnMs());
        }
      }
    },
  };
}
