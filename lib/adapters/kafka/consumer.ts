import { setImmediate } from "node:timers/promises";
import type { AssignmentContext } from "kafkajs";
import { PartitionAssigners } from "kafkajs";
import { abortable } from "../../rules/abortable.ts";
import type { StartAt } from "../../rules/declaration.ts";
import { messageOf, PenstockError } from "../../rules/errors.ts";
import type { Logger } from "../../rules/logger.ts";
import { startAgain, type LostRange } from "../../rules/position.ts";
import type { KafkaSettings } from "../../rules/settings.ts";
import { fairAssigner, type Sharing } from "./assigner.ts";
import { openAssignment, type Assignment, type OpenedAssignment } from "./assignment.ts";
import { createBatchDecoder, type DecodableBatch } from "./batch-decoder.ts";
import { createKafkaClient } from "./client.ts";
import { passOnEmptyBatches, toFetchedBatch, type FetchedBatch } from "./fetched-batch.ts";
import { FirstBatches } from "./first-batches.ts";
import type { KafkaLinks } from "./links.ts";
import { strangersIn } from "./group-strangers.ts";
import { reportingTo } from "./reporting-to.ts";
import { explained, explainedAs, inWords, wordsOf } from "./trouble.ts";

/** Where a partition stands on the broker, told by every fetch, an empty one too. */
export interface PartitionPosition {
  readonly partition: number;
  readonly highWatermark: number;
  readonly lastStableOffset: number;
  readonly logStart: number;
}

/** What a consumer calls; none of them may throw, except those with a `heartbeat` an error of it, or of decoding. */
export interface ConsumerListener {
  /** Before anything is fetched under this assignment. Whatever was fetched before is void: it is read again. */
  onAssigned(assignment: Assignment): void;
  /**
   * The group rebalances. What is in flight may be finished and committed until this resolves, while the whole group
   * waits; then comes another assignment, unless the consumer was stopped.
   */
  onRebalance(): Promise<void>;
  /** Of the assignment that was told last. What is left of the log is read all the same. */
  onLost(ranges: readonly LostRange[]): void;
  /**
   * Decodes what was fetched, once there is memory for it. What it returns is called when the batch has been handed over, or
   * will not be.
   */
  onFetched(batch: DecodableBatch, heartbeat: () => Promise<void>): Promise<() => void>;
  /** Resolves when the batch was taken over; the next fetch waits for it. `heartbeat` keeps the membership. */
  onBatch(batch: FetchedBatch, heartbeat: () => Promise<void>): Promise<void>;
  onPositions(positions: readonly PartitionPosition[]): void;
  /** Asked before each fetch: how many bytes it may return, as they are sent. */
  fetchBytes(): number;
  /** The consumer is dead. It has to be stopped and replaced by a fresh one. */
  onCrash(error: unknown): void;
}

export interface TopicConsumerOptions {
  readonly kafka: KafkaSettings;
  readonly topic: string;
  readonly groupId: string;
  /** Where to begin if the group has no commit at all. */
  readonly startAt: StartAt;
  readonly listener: ConsumerListener;
  readonly logger: Logger;
}

/** With what all consumers of a host have in common. */
export interface ConsumerOptions extends TopicConsumerOptions {
  readonly sharing: Sharing;
  /** Shared with the host's other clients. */
  readonly links?: KafkaLinks;
}

export interface TopicConsumer {
  /** Leaves the group and closes the connections. Safe to call at any time and more than once. */
  stop(): Promise<void>;
  /** Asks now whether the group is rebalancing, instead of after the long poll. Needs not be waited for. */
  lookForRebalance(): void;
}

/**
 * How long an idle consumer's fetch takes; one with something to read is answered at once, and a stop ends it. Most of
 * what a thousand idle topics cost is this: at 500 ms 31 % of a core, at 5 s 7 %. An idle member notices a rebalance
 * after so long at most, well within the session.
 */
const FETCH_WAIT_MS = 5_000;
/**
 * Keeps one partition from filling a large fetch alone. Not much smaller than that: a broker cuts a partition's part off
 * in the middle of a record batch, and what is cut off was sent for nothing (at 1 MiB, with batches of 0.5 MB, nearly
 * half of everything).
 */
const PARTITION_PART = 1 / 2;
const PARTITION_MIN_BYTES = 1024 * 1024;
/** How long the partitions of a host that was killed stand still; a host that stops leaves its groups at once. */
const SESSION_TIMEOUT_MS = 15_000;
/** At most so often, of one that reads; an idle one does after each long poll. How soon a rebalance is noticed. */
const HEARTBEAT_MS = 1_000;
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
 * @throws PenstockError `topic_missing`, `kafka_unavailable`, `kafka_refused`, or `deadline_exceeded` when `signal` aborts; the consumer
 *   is stopped then.
 */
export async function startConsumer(options: ConsumerOptions, signal: AbortSignal): Promise<TopicConsumer> {
  const { kafka, topic, groupId, listener, logger } = options;
  const client = createKafkaClient(kafka, logger, options.links);
  const consumer = client.consumer({
    groupId,
    partitionAssigners: [fairAssigner(options.sharing), PartitionAssigners.roundRobin],
    sessionTimeout: SESSION_TIMEOUT_MS,
    rebalanceTimeout: 2 * SESSION_TIMEOUT_MS,
    heartbeatInterval: HEARTBEAT_MS,
    metadataMaxAge: METADATA_MAX_AGE_MS,
    allowAutoTopicCreation: false,
    maxWaitTimeInMs: FETCH_WAIT_MS,
    minBytes: 1,
    // The client's own retry settings are not inherited by consumers where NODE_ENV is "test".
    retry: {
      initialRetryTime: 100,
      maxRetryTime: 2_000,
      retries: 6,
      restartOnFailure: () => Promise.resolve(false),
    },
  });

  const decoder = createBatchDecoder(topic, kafka.maxBatchBytes);
  let stopped: Promise<void> | null = null;
  let joining: Promise<unknown> = Promise.resolve();
  const stop = (): Promise<void> =>
    (stopped ??= settledWithin(joining, LEAVE_LIMIT_MS).then(() => consumer.disconnect()));
  const joined = Promise.withResolvers<void>();
  let hasJoined = false;
  const crash = (error: unknown): void => {
    // Before it has joined, whoever started it is told, with what is found out about the reason.
    if (!hasJoined) joined.reject(error);
    else if (stopped === null) listener.onCrash(inWords(error));
  };

  consumer.on(consumer.events.CRASH, ({ payload: { error } }) => crash(explainedAs(error, kafka) ?? error));
  consumer.on(consumer.events.FETCH_POSITIONS, (event) => {
    listener.onPositions(event.payload.positions.map(toPosition));
  });

  let opened: (OpenedAssignment & { readonly firstBatches: FirstBatches }) | null = null;
  const pass = async (batch: FetchedBatch, heartbeat: () => Promise<void>): Promise<void> => {
    const due = opened?.firstBatches.take(batch);
    if (due === undefined || opened === null) return;
    if (due !== null) return listener.onBatch(due, heartbeat);
    await leavePosition(opened, batch.partition, listener);
    throw new PenstockError("topic_recreated", `topic "${topic}" was created again: read from its start`, {
      retryable: true,
    });
  };
  passOnEmptyBatches(consumer, pass, crash);

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
          fetchLimits() {
            const maxBytes = listener.fetchBytes();
            const useful = Math.min(maxBytes * PARTITION_PART, decoder.usefulBytes);
            const part = Math.max(PARTITION_MIN_BYTES, Math.round(useful));
            return { maxBytes, maxBytesPerPartition: Math.min(maxBytes, part) };
          },
          async onRebalance() {
            await listener.onRebalance();
            // Told to stop meanwhile, it leaves instead: kafkajs looks for that when this is over.
            await setImmediate();
          },
          onAssigned: async (context) => {
            await leaveIfStopped(context);
            // A group that had a position and has none any more lost it with its topic: at the end it would skip records.
            const startAt = opened === null ? options.startAt : "earliest";
            const found = await openAssignment({ topic, startAt }, context, (partition, offset) => {
              if (opened === mine) consumer.seek({ topic, partition, offset: String(offset) });
            });
            // That took a while.
            await leaveIfStopped(context);
            const mine = { ...found, firstBatches: new FirstBatches(found.positions) };
            opened = mine;
            listener.onAssigned(found.assignment);
            if (found.lost.length > 0) listener.onLost(found.lost);
            hasJoined = true;
            joined.resolve();
          },
          decodeBatch: ({ batch, heartbeat }) =>
            reportingTo(
              crash,
              () => listener.onFetched(decoder.open(batch), heartbeat),
              () => {},
            ),
          eachBatch: (payload) =>
            reportingTo(
              crash,
              () => pass(toFetchedBatch(payload.batch), () => payload.heartbeat()),
              undefined,
            ),
        }),
      );
    joining = started;
    await Promise.race([started.then(() => joined.promise), joined.promise]);
    return { stop, lookForRebalance: () => void consumer.lookForRebalance() };
  } catch (error) {
    await stop().catch((failure: unknown) => {
      logger.debug("a consumer that did not start could not be closed", { topic, error: messageOf(failure) });
    });
    const known = (await explained(error, kafka)) ?? (await strangersIn(groupId, error, options));
    throw asStartError(known ?? error, topic);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

/** Resolves once the promise is settled either way, or after `limitMs`. */
export async function settledWithin(promise: Promise<unknown>, limitMs: number): Promise<void> {
  await Promise.allSettled([abortable(promise, AbortSignal.timeout(limitMs))]);
}

/** The log is another one than the group's position is about: that becomes the log's start, and is reported. */
async function leavePosition(
  { assignment, positions }: OpenedAssignment,
  partition: number,
  listener: ConsumerListener,
): Promise<void> {
  const position = positions.get(partition);
  if (position === undefined) return;
  const { start, lost } = startAgain(partition, position.start, position.logStart);
  await assignment.commit(new Map([[partition, start]]), new Map());
  if (lost !== null) listener.onLost([lost]);
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

/** What a consumer's failure means for whoever started it. */
export function asStartError(error: unknown, topic: string): PenstockError {
  if (error instanceof PenstockError) return error;
  if (/does not host this topic-partition/i.test(messageOf(error))) {
    return new PenstockError("topic_missing", `topic "${topic}" does not exist in Kafka`, {
      retryable: true,
      cause: error,
    });
  }
  return new PenstockError(
    "kafka_unavailable",
    `the consumer of "${topic}" did not start: ${wordsOf(error)}`,
    {
      retryable: true,
      cause: error,
    },
  );
}
