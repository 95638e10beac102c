import type { Scene } from "../scene.ts";
import { type FaultKind, spread, withPartition } from "./fault.ts";

/** Faults of the records in Kafka. */
export const logFaults: readonly FaultKind[] = [
  {
    kind: "retention",
    weight: 2,
    calm: false,
    inflict: (scene) =>
      withPartition(scene, (topic, partition) => {
        const start = expire(scene, topic, partition);
        return start === null ? null : { to: `${topic}:${partition} begins at ${start}` };
      }),
  },
  {
    kind: "retention that outruns whoever reads",
    weight: 2,
    calm: false,
    inflict: (scene) =>
      withPartition(scene, (topic, partition) => {
        for (let batch = 0; batch < 12; batch += 1) scene.producers.write(topic, partition, 2);
        // Readable by then, and hardly read.
        scene.later(spread(scene, 2, 8), () => void expire(scene, topic, partition));
        return { to: `${topic}:${partition}` };
      }),
  },
  {
    kind: "topic created again",
    weight: 2,
    calm: false,
    inflict: (scene) =>
      withPartition(scene, (topic) => {
        const partitions = scene.kafka.partitionsOf(topic);
        scene.kafka.deleteTopic(topic);
        scene.later(spread(scene, 5, scene.dice.below(2) === 0 ? 200 : 4_000), () => {
          // Another fault may have created it by then.
          if (scene.kafka.topics().has(topic)) return;
          scene.createTopic(topic, partitions);
          scene.producers.hold(topic);
        });
        return { to: topic };
      }),
  },
  {
    kind: "partition added",
    weight: 1,
    calm: true,
    inflict: (scene) =>
      withPartition(scene, (topic) => {
        const upTo = scene.kafka.partitionsOf(topic) + 1;
        if (upTo > 5) return null;
        scene.kafka.addPartitions(topic, upTo);
        return { to: `${topic}, ${upTo} in all` };
      }),
  },
  {
    kind: "log cut off",
    weight: 1,
    calm: false,
    inflict: (scene) =>
      withPartition(scene, (topic, partition) => {
        const log = scene.kafka.replicas(topic, partition)?.log;
        const end = cutOff(scene, topic, partition, (log?.start ?? 0) + scene.dice.below(log?.end ?? 1));
        if (end === null) return null;
        scene.producers.hold(topic);
        return { to: `${topic}:${partition} ends at ${end}` };
      }),
  },
  {
    kind: "another log while nobody reads it",
    weight: 2,
    calm: false,
    inflict(scene) {
      const declared = [...scene.declarations.present.values()];
      const gone = scene.dice.pick(declared);
      if (declared.length < 2 || gone === undefined) return null;
      const { topic } = gone;
      scene.declare(declared.filter((spec) => spec !== gone));
      const partition = scene.dice.below(Math.max(1, scene.kafka.partitionsOf(topic)));
      // Not read any more.
      for (let batch = 0; batch < 3; batch += 1)
        scene.later(UNREAD_AFTER_MS / 2 + batch, () => scene.producers.write(topic, partition, 2));
      scene.later(UNREAD_AFTER_MS, () => {
        if (scene.declarations.present.has(topic)) return;
        if (scene.dice.below(2) === 0) outgrow(scene, topic, partition);
        else expire(scene, topic, partition);
        scene.declare([...scene.declarations.present.values(), gone]);
      });
      return { to: topic };
    },
  },
];

export const backlog: FaultKind = {
  kind: "backlog",
  weight: 3,
  calm: true,
  inflict: (scene) =>
    withPartition(scene, (topic, partition) => {
      const batches = 5 + scene.dice.below(15);
      for (let batch = 0; batch < batches; batch += 1)
        scene.producers.write(topic, partition, 1 + scene.dice.below(6));
      return { to: `${topic}:${partition}` };
    }),
};

/** This long after a topic is no longer declared, nobody reads it. */
const UNREAD_AFTER_MS = 6_000;

/** The log's end is another one, and longer. */
function outgrow(scene: Scene, topic: string, partition: number): void {
  const log = scene.kafka.replicas(topic, partition)?.log;
  const { end } = log ?? { end: 0 };
  cutOff(scene, topic, partition, Math.max(0, end - 1 - scene.dice.below(6)));
  for (let batch = 0; batch < 4; batch += 1) scene.producers.write(topic, partition, 3);
}

/** Retention deletes some of it. @returns the log's start; null if there is no log */
function expire(scene: Scene, topic: string, partition: number): number | null {
  const log = scene.kafka.replicas(topic, partition)?.log;
  if (log === undefined || log.end === log.start) return null;
  const start = scene.kafka.expire(topic, partition, log.end - scene.dice.below(log.end - log.start));
  scene.census.expired(topic, partition, start);
  return start;
}

/** @returns the log's end; null if nothing was cut off */
function cutOff(scene: Scene, topic: string, partition: number, from: number): number | null {
  const log = scene.kafka.replicas(topic, partition)?.log;
  if (log === undefined || from < log.start || from >= log.end) return null;
  // A transaction without an end would stay open forever.
  if (log.batches.some(({ transactional, lastOffset }) => transactional && lastOffset >= from)) return null;
  const end = scene.kafka.truncate(topic, partition, from);
  scene.census.truncated(topic, partition, end);
  return end;
}
