import { PenstockError } from "../../../rules/base/errors.ts";
import { isMoving, partitionWords } from "../../../rules/trouble/kafka-words.ts";
import type { Logger } from "../../../rules/base/logger.ts";
import type { LogRange } from "../../../rules/offsets/position.ts";
import type { KafkaSettings } from "../../../rules/model/settings.ts";
import { coordinatorError } from "../group/coordinator/coordinator.ts";
import { ofCoordinator } from "./group-access.ts";
import { readLogPositions } from "./log-positions.ts";
import { whileLeadersMove } from "./patience.ts";
import { createLeaders } from "../reader/leaders.ts";
import { askTime, LogEndsLookup } from "../reader/log-ends.ts";
import { systemTime } from "../../system/system-time.ts";
import { createKafkaWire } from "../wire/kafkajs-wire.ts";
import type { KafkaWire } from "../protocol/wire.ts";

export interface CommittedPosition {
  /** The next offset to read; null if the group has no commit here. */
  readonly offset: number | null;
  readonly metadata: string | null;
}

/** Queries about offsets, for reading a topic independently of its consumers. */
export interface KafkaOffsets {
  /** By partition. @throws PenstockError `topic_missing`, `kafka_unavailable` or `kafka_refused` */
  ranges(topic: string, signal: AbortSignal): Promise<ReadonlyMap<number, LogRange>>;
  /** By partition; a group that does not exist has committed nothing. @throws as `ranges` does */
  committed(
    groupId: string,
    topic: string,
    signal: AbortSignal,
  ): Promise<ReadonlyMap<number, CommittedPosition>>;
  /**
   * By partition: the first record of that time or later; without one, the high watermark.
   * @param atMs milliseconds since the epoch
   * @throws as `ranges` does; `usage` if records have no timestamps
   */
  at(topic: string, atMs: number, signal: AbortSignal): Promise<ReadonlyMap<number, number>>;
  close(): Promise<void>;
}

const ANSWER_MS = 5_000;

/** @param wire closed together with the result */
export function createKafkaOffsets(
  settings: KafkaSettings,
  logger: Logger,
  wire: KafkaWire = createKafkaWire(settings, logger),
): KafkaOffsets {
  const how = (signal: AbortSignal) => ({ lane: "questions", timeoutMs: ANSWER_MS, signal }) as const;

  /** @throws PenstockError if retrying does not help */
  const partitionsOf = async (topic: string, signal: AbortSignal): Promise<number[] | PenstockError> => {
    const { topics } = await wire.call(null, "Metadata", { topics: [topic] }, how(signal));
    const error = topics[0]?.error;
    if (error === null) return topics[0]?.partitions.map(({ partition }) => partition) ?? [];
    return refused(topic, error ?? "UNKNOWN_TOPIC_OR_PARTITION");
  };

  return {
    close: () => wire.close(),
    ranges: (topic, signal) =>
      whileLeadersMove(async () => {
        const partitions = await partitionsOf(topic, signal);
        if (partitions instanceof PenstockError) return partitions;
        const asked = new Map([[topic, new Set(partitions)]]);
        const silent: PenstockError[] = [];
        const positions = await readLogPositions(wire, asked, signal, (_, error) => void silent.push(error));
        const told = positions.get(topic) ?? [];
        const stays = silent.find(({ retryable }) => !retryable);
        if (stays !== undefined) throw stays;
        if (told.length < partitions.length) return silent[0] ?? refused(topic, "LEADER_NOT_AVAILABLE");
        return new Map(
          told.map(({ partition, logStart, lastStableOffset }) => [
            partition,
            { start: logStart, end: lastStableOffset },
          ]),
        );
      }, signal),
    at: (topic, atMs, signal) =>
      whileLeadersMove(async () => {
        const partitions = await partitionsOf(topic, signal);
        if (partitions instanceof PenstockError) return partitions;
        const leaders = createLeaders({ wire, time: systemTime });
        const found = new Map<number, number>();
        const failures: PenstockError[] = [];
        try {
          const asked = partitions.map((partition) => ({ topic, partition }));
          await askTime(new LogEndsLookup(wire, leaders), atMs, asked, signal, ({ partition }, offset) => {
            if (typeof offset === "number") found.set(partition, offset);
            else failures.push(offset);
          });
        } finally {
          await leaders.close();
        }
        signal.throwIfAborted();
        const stays = failures.find(({ retryable }) => !retryable);
        if (stays !== undefined) throw stays;
        return failures[0] ?? found;
      }, signal),
    committed: async (groupId, topic, signal) => {
      const partitions = await whileLeadersMove(() => partitionsOf(topic, signal), signal);
      const request = { groupId, topics: [{ topic, partitions }] };
      const { error, topics } = await ofCoordinator(wire, groupId, signal, (node) =>
        wire.call(node, "OffsetFetch", request, how(signal)),
      );
      if (error !== null) throw coordinatorError(error, groupId);
      return new Map(
        (topics[0]?.partitions ?? []).map(({ partition, error: own, offset, metadata }) => {
          if (own !== null) throw refused(topic, own);
          return [partition, { offset: offset < 0 ? null : offset, metadata }];
        }),
      );
    },
  };
}

/**
 * What a partition's error means. @param type Kafka's error name
 * @returns the error if it is temporary @throws it otherwise
 */
export function refused(topic: string, type: string): PenstockError {
  if (type === "UNKNOWN_TOPIC_OR_PARTITION") {
    const message = `topic "${topic}" does not exist in Kafka`;
    throw new PenstockError("topic_missing", message, { retryable: true });
  }
  const message = `topic "${topic}": ${partitionWords(type)}`;
  if (!isMoving(type)) throw new PenstockError("kafka_refused", message);
  return new PenstockError("kafka_unavailable", message, { retryable: true });
}
