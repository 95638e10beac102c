import type { SeededRandom } from "../../../infra/bench/kit/random.ts";
import { OFFSETS_TOPIC, type ClusterImage, type PartitionImage, type TopicImage } from "./image.ts";

/** Decides for the whole cluster: topics, leaders and live brokers. */
export interface Controller {
  readonly image: ClusterImage;
  createTopic(name: string, partitions: number): TopicImage;
  deleteTopic(name: string): void;
  addPartitions(name: string, upTo: number): TopicImage;
  /** @returns whether that broker could become the leader */
  moveLeader(topic: string, partition: number, to: number): boolean;
  /** From now on, these hold the partition; one of them leads. */
  reassign(topic: string, partition: number, replicas: readonly number[]): void;
  /** Declares it dead: others take its partitions. */
  fence(nodeId: number): void;
  /** Declares it alive: it leads partitions without a leader. */
  unfence(nodeId: number): void;
  /** The preferred broker leads each partition, if it is alive. */
  preferredElection(): void;
}

export interface ControllerOptions {
  readonly random: SeededRandom;
  readonly nodeIds: readonly number[];
  readonly offsetsPartitions: number;
  /** Notifies the brokers. */
  readonly publish: (image: ClusterImage) => void;
}

export function createController({
  random,
  nodeIds,
  offsetsPartitions,
  publish,
}: ControllerOptions): Controller {
  let image: ClusterImage = { topics: new Map(), alive: new Set(nodeIds) };
  let topicIds = 0;

  const set = (next: Partial<ClusterImage>): void => {
    image = { ...image, ...next };
    publish(image);
  };

  const place = (partition: number, first: number): PartitionImage => {
    const replicas = nodeIds.map((_, at) => nodeIds[(first + partition + at) % nodeIds.length] ?? 0);
    return { replicas, leader: leaderOf({ replicas, leader: -1 }) };
  };

  const leaderOf = ({ replicas, leader }: PartitionImage): number =>
    image.alive.has(leader) ? leader : (replicas.find((id) => image.alive.has(id)) ?? -1);

  const setTopic = (name: string, topic: TopicImage): TopicImage => {
    set({ topics: new Map(image.topics).set(name, topic) });
    return topic;
  };

  const partitionsOf = (name: string): readonly PartitionImage[] => image.topics.get(name)?.partitions ?? [];

  /** @param lead picks each partition's leader */
  const elect = (alive: ReadonlySet<number>, lead: (partition: PartitionImage) => number): void => {
    image = { ...image, alive };
    const topics = new Map(image.topics);
    for (const [name, topic] of topics)
      topics.set(name, {
        ...topic,
        partitions: topic.partitions.map((one) => ledBy(one, lead(one))),
      });
    set({ topics });
  };

  const change = (topic: string, partition: number, to: (one: PartitionImage) => PartitionImage): void => {
    const before = image.topics.get(topic);
    if (before === undefined) return;
    const partitions = before.partitions.map((one, at) => (at === partition ? to(one) : one));
    setTopic(topic, { id: before.id, partitions });
  };

  const controller: Controller = {
    get image() {
      return image;
    },
    createTopic(name, partitions) {
      if (image.topics.has(name)) throw new Error(`there is a topic ${name}`);
      const first = random.below(nodeIds.length);
      topicIds += 1;
      return setTopic(name, {
        id: topicIds,
        partitions: Array.from({ length: partitions }, (_, partition) => place(partition, first)),
      });
    },
    deleteTopic(name) {
      const topics = new Map(image.topics);
      topics.delete(name);
      set({ topics });
    },
    addPartitions(name, upTo) {
      const before = partitionsOf(name);
      const first = random.below(nodeIds.length);
      const added = Array.from({ length: Math.max(0, upTo - before.length) }, (_, at) =>
        place(before.length + at, first),
      );
      return setTopic(name, { id: image.topics.get(name)?.id ?? 0, partitions: [...before, ...added] });
    },
    moveLeader(topic, partition, to) {
      const moved = partitionsOf(topic)[partition];
      if (moved === undefined || !moved.replicas.includes(to) || !image.alive.has(to)) return false;
      change(topic, partition, (one) => ledBy(one, to));
      return true;
    },
    reassign(topic, partition, replicas) {
      change(topic, partition, ({ leader }) => {
        const stays = replicas.includes(leader) ? leader : -1;
        return { replicas, leader: leaderOf({ replicas, leader: stays }) };
      });
    },
    fence(nodeId) {
      if (image.alive.has(nodeId)) elect(new Set([...image.alive].filter((id) => id !== nodeId)), leaderOf);
    },
    unfence(nodeId) {
      if (!image.alive.has(nodeId))
        elect(new Set([...image.alive, nodeId].sort((one, other) => one - other)), leaderOf);
    },
    preferredElection() {
      elect(image.alive, (one) => {
        const [preferred = -1] = one.replicas;
        return image.alive.has(preferred) ? preferred : leaderOf(one);
      });
    },
  };
  controller.createTopic(OFFSETS_TOPIC, offsetsPartitions);
  return controller;
}

function ledBy({ replicas }: PartitionImage, leader: number): PartitionImage {
  return { replicas, leader };
}
