import type { AssignmentContext, Batch, Consumer, EachBatchPayload } from "kafkajs";
import { KafkaJSError } from "kafkajs";
import { abortable } from "../../rules/abortable.ts";
import type { StartAt } from "../../rules/declaration.ts";
import { messageOf, PenstockError } from "../../rules/errors.ts";
import type { Logger } from "../../rules/logger.ts";
import type { SourceRecord } from "../../rules/record.ts";
import type { KafkaSettings } from "../../rules/settings.ts";
import { createKafkaClient } from "./client.ts";
import { readCommitted, type CommittedOffset } from "./committed.ts";
import { toSourceRecord } from "./source-record.ts";

/** What one fetch returned for one partition. */
export interface FetchedBatch {
  readonly partition: number;
  readonly records: readonly SourceRecord[];
  /** The position it was fetched from: the end of the batch before, unless the position was moved. */
  readonly start: number;
  /** One past the last offset this batch covers, records or not. */
  readonly end: number;
}

/** Where a partition stands on the broker, told by every fetch, an empty one too. */
export interface PartitionPosition {
  readonly partition: number;
  readonly highWatermark: number;
  readonly lastStableOffset: number;
  readonly logStart: number;
}

/** The partitions this member got in one generation of its group, and the right to commit for them. */
export interface Assignment {
  readonly generation: number;
  /** Every partition of the topic, those of other members included. */
  readonly partitions: readonly number[];
  /** Of the partitions this member got: committed offset by partition; null where the group has none. */
  readonly committed: ReadonlyMap<number, number | null>;
  /**
   * Commits offsets (the next to read, by partition) in one request. It belongs to this generation: called
   * after another rebalance it is refused by the broker, and so cannot rewind the partition's new owner.
   */
  commit(offsets: ReadonlyMap<number, number>): Promise<void>;
}

/** What a consumer calls; none of them may throw, except `onBatch` with an error of its `heartbeat`. */
export interface ConsumerListener {
  /** Before anything is fetched under this assignment. Whatever was fetched before is void: it is read again. */
  onAssigned(assignment: Assignment): void;
  /** Resolves when the batch was taken over; the next fetch waits for it. `heartbeat` keeps the membership. */
  onBatch(batch: FetchedBatch, heartbeat: () => Promise<void>): Promise<void>;
  onPositions(positions: readonly PartitionPosition[]): void;
  /** The consumer is dead. It has to be stopped and replaced by a fresh one. */
  onCrash(error: unknown): void;
}

export interface ConsumerOptions {
  readonly kafka: KafkaSettings;
  readonly topic: string;
  readonly groupId: string;
  /** Where to begin if the group has no commit at all. */
  readonly startAt: StartAt;
  readonly listener: ConsumerListener;
  readonly logger: Logger;
}

export interface TopicConsumer {
  /** Leaves the group and closes the connections. Safe to call at any time and more than once. */
  stop(): Promise<void>;
}

/** Bounds how long `stop` waits for a long poll, and how long an idle consumer's fetch takes. */
const FETCH_WAIT_MS = 500;
const FETCH_MAX_BYTES = 8 * 1024 * 1024;
const PARTITION_MAX_BYTES = 1024 * 1024;
/** How long the partitions of a host that was killed stand still; a host that stops leaves its groups at once. */
const SESSION_TIMEOUT_MS = 15_000;
const HEARTBEAT_MS = 3_000;
/**
 * kafkajs ignores a stop during a join, and the member it leaves behind blocks the group until its session ends. So a
 * stop waits for the join to end, but no longer than this: the join may be what hangs.
 */
export const LEAVE_LIMIT_MS = 3_000;
/** How soon added partitions are noticed; kafkajs would take five minutes. */
const METADATA_MAX_AGE_MS = 30_000;

/**
 * Starts one consumer of one topic, a member of that topic's own group.
 * Resolves once the group was joined: kafkajs' `run()` resolves even if the join failed.
 * @throws PenstockError `topic_missing`, `kafka_unavailable`, or `deadline_exceeded` when `signal` aborts; the consumer
 *   is stopped then.
 */
export async function startConsumer(options: ConsumerOptions, signal: AbortSignal): Promise<TopicConsumer> {
  const { kafka, topic, groupId, listener, logger } = options;
  const client = createKafkaClient(kafka, logger);
  const consumer = client.consumer({
    groupId,
    sessionTimeout: SESSION_TIMEOUT_MS,
    rebalanceTimeout: 2 * SESSION_TIMEOUT_MS,
    heartbeatInterval: HEARTBEAT_MS,
    metadataMaxAge: METADATA_MAX_AGE_MS,
    allowAutoTopicCreation: false,
    maxWaitTimeInMs: FETCH_WAIT_MS,
    minBytes: 1,
    maxBytes: FETCH_MAX_BYTES,
    maxBytesPerPartition: PARTITION_MAX_BYTES,
    // The client's own retry settings are not inherited by consumers where NODE_ENV is "test".
    retry: {
      initialRetryTime: 100,
      maxRetryTime: 2_000,
      retries: 6,
      restartOnFailure: () => Promise.resolve(false),
    },
  });

  let stopped: Promise<void> | null = null;
  let joining: Promise<unknown> = Promise.resolve();
  const stop = (): Promise<void> =>
    (stopped ??= settledWithin(joining, LEAVE_LIMIT_MS).then(() => consumer.disconnect()));
  const joined = Promise.withResolvers<void>();
  const crash = (error: unknown): void => {
    joined.reject(error);
    if (stopped === null) listener.onCrash(error);
  };

  consumer.on(consumer.events.CRASH, (event) => crash(event.payload.error));
  consumer.on(consumer.events.FETCH_POSITIONS, (event) => {
    listener.onPositions(event.payload.positions.map(toPosition));
  });
  passOnEmptyBatches(consumer, listener, crash);

  /** A join cannot be called off: one that ends after we gave up leaves the group again at once. */
  const leaveIfStopped = async (context: AssignmentContext): Promise<void> => {
    if (stopped === null) return;
    await context.leave();
    throw new PenstockError("consumer_crashed", `the consumer of "${topic}" was stopped while it joined`);
  };

  const onAbort = (): void => joined.reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  // Whoever awaits `joined` may have left already when a late crash rejects it.
  joined.promise.catch(() => {});
  try {
    signal.throwIfAborted();
    const started = consumer
      .connect()
      .then(() => consumer.subscribe({ topics: [topic], fromBeginning: true }))
      .then(() =>
        consumer.run({
          autoCommit: false,
          onAssigned: async (context) => {
            await leaveIfStopped(context);
            const assignment = await toAssignment(options, context);
            // That took a while.
            await leaveIfStopped(context);
            listener.onAssigned(assignment);
            joined.resolve();
          },
          eachBatch: (payload) => handOver(payload, listener, crash),
        }),
      );
    joining = started;
    await Promise.race([started.then(() => joined.promise), joined.promise]);
    return { stop };
  } catch (error) {
    await stop().catch((failure: unknown) => {
      logger.debug("a consumer that did not start could not be closed", { topic, error: messageOf(failure) });
    });
    throw asStartError(error, topic);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

/** Resolves once the promise is settled either way, or after `limitMs`. */
export async function settledWithin(promise: Promise<unknown>, limitMs: number): Promise<void> {
  await Promise.allSettled([abortable(promise, AbortSignal.timeout(limitMs))]);
}

/**
 * Passes one batch on. A thrown error of another kind than kafkajs' own would end the consumer silently
 * (TypeError and its like are "not retriable") and be logged whole, records included; so it is reported here.
 */
async function handOver(
  payload: EachBatchPayload,
  listener: ConsumerListener,
  crash: (error: unknown) => void,
): Promise<void> {
  try {
    await listener.onBatch(toFetchedBatch(payload.batch), () => payload.heartbeat());
  } catch (error) {
    if (error instanceof KafkaJSError) throw error;
    crash(error);
  }
}

/** kafkajs does not call eachBatch where a batch holds nothing but markers or aborted records. */
export function passOnEmptyBatches(
  consumer: Consumer,
  listener: Pick<ConsumerListener, "onBatch">,
  crash: (error: unknown) => void,
): void {
  const noHeartbeat = (): Promise<void> => Promise.resolve();
  consumer.on(consumer.events.END_BATCH_PROCESS, ({ payload }) => {
    if (payload.batchSize > 0) return;
    const batch = {
      partition: payload.partition,
      records: [],
      start: Number(payload.fetchedOffset),
      end: Number(payload.lastOffset) + 1,
    };
    listener.onBatch(batch, noHeartbeat).catch(crash);
  });
}

export function toFetchedBatch(batch: Batch): FetchedBatch {
  const { partition, messages } = batch;
  return {
    partition,
    records: messages.map((message) => toSourceRecord(partition, message)),
    start: Number(batch.fetchedOffset),
    end: Number(batch.lastOffset()) + 1,
  };
}

export function toPosition(position: {
  partition: number;
  highWatermark: string;
  lastStableOffset: string;
  logStartOffset: string;
}): PartitionPosition {
  return {
    partition: position.partition,
    highWatermark: Number(position.highWatermark),
    lastStableOffset: Number(position.lastStableOffset),
    logStart: Number(position.logStartOffset),
  };
}

async function toAssignment(options: ConsumerOptions, context: AssignmentContext): Promise<Assignment> {
  const { topic, startAt } = options;
  const committed = await readCommitted(context, topic);
  // A position that was reset is one that retention outran: going to the end would skip what is still there.
  if (startAt === "latest" && committed.every(({ offset, reset }) => offset === null && !reset)) {
    await pinToEnd(context, topic, committed);
  }
  const assigned = new Set(context.assigned.find((entry) => entry.topic === topic)?.partitions ?? []);
  return {
    generation: context.generationId,
    partitions: committed.map(({ partition }) => partition),
    committed: new Map(
      committed
        .filter(({ partition }) => assigned.has(partition))
        .map(({ partition, offset }) => [partition, offset]),
    ),
    commit: (offsets) => {
      const partitions = [...offsets].map(([partition, offset]) => ({
        partition,
        offset: String(offset),
        metadata: null,
      }));
      return context.commit([{ topic, partitions }]);
    },
  };
}

/**
 * `startAt: latest` for a group without any commit: the ends of all partitions are committed at once, those of
 * other members too, so that whatever is written from now on is read, whoever reads it. Partitions added
 * later have no commit and start at earliest. Replaces the entries of `committed`.
 */
async function pinToEnd(
  context: AssignmentContext,
  topic: string,
  committed: CommittedOffset[],
): Promise<void> {
  const partitions = committed.map(({ partition }) => ({ partition }));
  const ends = await context.fetchEndOffsets([{ topic, partitions }]);
  const offsets = ends.find((entry) => entry.topic === topic)?.partitions ?? [];
  await context.commit([{ topic, partitions: offsets.map((end) => ({ ...end, metadata: null })) }]);
  const byPartition = new Map(offsets.map(({ partition, offset }) => [partition, Number(offset)]));
  for (const entry of committed) entry.offset = byPartition.get(entry.partition) ?? null;
}

/** What a consumer's failure means for whoever started it. */
export function asStartError(error: unknown, topic: string): PenstockError {
  if (error instanceof PenstockError) return error;
  const message = messageOf(error);
  if (/does not host this topic-partition/i.test(message)) {
    return new PenstockError("topic_missing", `topic "${topic}" does not exist in Kafka`, {
      retryable: true,
      cause: error,
    });
  }
  return new PenstockError("kafka_unavailable", `the consumer of "${topic}" did not start: ${message}`, {
    retryable: true,
    cause: error,
  });
}
