import {
  KafkaJSError,
  KafkaJSProtocolError,
  type AssignmentContext,
  type ConsumerRunConfig,
  type EachBatchPayload,
} from "kafkajs";
import { messageOf, PenstockError } from "../../rules/errors.ts";
import type { Logger } from "../../rules/logger.ts";
import type { KafkaSettings } from "../../rules/settings.ts";
import { trackSpans, type Spans } from "../../rules/span-tracks.ts";
import { createBatchDecoder } from "./batch-decoder.ts";
import { createKafkaClient } from "./client.ts";
import { toPosition } from "./cluster.ts";
import { asStartError, LEAVE_LIMIT_MS, settledWithin } from "./consumer-start.ts";
import { passOnEmptyBatches, toFetchedBatch, type FetchedBatch } from "./fetched-batch.ts";
import type { PartitionPosition } from "./reader/reader.ts";
import { createKafkaOffsets } from "./offsets.ts";
import { whileLeadersMove } from "./patience.ts";
import { explainedAs } from "./trouble.ts";

export type { Spans } from "../../rules/span-tracks.ts";

export interface SpanReaderOptions {
  readonly kafka: KafkaSettings;
  readonly topic: string;
  readonly logger: Logger;
}

const SESSION_TIMEOUT_MS = 15_000;
const HEARTBEAT_MS = 3_000;
const FETCH_WAIT_MS = 500;
/**
 * Of compressed bytes, all of which kafkajs decodes before the first batch is handed over: short lines that compress well
 * are some hundred thousand records in 1 MiB.
 */
const FETCH_MAX_BYTES = 1024 * 1024;
const PARTITION_MAX_BYTES = 256 * 1024;
/** A reader that gets nothing for this long, although its spans are not at their ends, gives up instead of hanging. */
const STALLED_MS = 60_000;
/** For what comes after the reading: the group is a throwaway one, and Kafka forgets an empty group by itself in the end. */
const CLEAN_UP_MS = 10_000;

/**
 * Reads spans of a topic once, in the order of offsets within each partition, at read_committed, and calls `onBatch` for
 * what each fetch returned: only records within the span, and `end` telling how far it is read by then, over transaction
 * markers and compacted offsets too. The next batch waits for `onBatch`, so that memory is bounded; it may take its time.
 *
 * Offsets that retention has deleted are passed over. A span that reaches into an open transaction ends before it.
 * Leaves nothing behind: its group is its own, and is deleted in any case.
 *
 * @throws PenstockError `topic_missing`; `kafka_refused` naming topic, partition and offsets where the log ends before a
 *   span does; `kafka_unavailable`; whatever `onBatch` throws; the signal's reason
 */
export async function readSpans(
  options: SpanReaderOptions,
  spans: Spans,
  onBatch: (batch: FetchedBatch) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  signal.throwIfAborted();
  if ([...spans.values()].every(({ start, end }) => start >= end)) return;
  const offsets = createKafkaOffsets(options.kafka, options.logger);
  try {
    const tracks = trackSpans(options.topic, spans, await offsets.ranges(options.topic, signal));
    if (tracks.pending().length === 0) return;
    const groupId = `${options.kafka.group}.reader-${crypto.randomUUID()}`;
    try {
      // What was read is kept: it goes on where it stood.
      await whileLeadersMove(() => readTracks(options, groupId, tracks, onBatch, signal), signal);
    } finally {
      await offsets.deleteGroup(groupId, AbortSignal.timeout(CLEAN_UP_MS)).catch((error: unknown) => {
        options.logger.warn("a throwaway group could not be deleted", { groupId, error: messageOf(error) });
      });
    }
  } finally {
    await offsets.close();
  }
}

type Tracks = ReturnType<typeof trackSpans>;

async function readTracks(
  { kafka, topic, logger }: SpanReaderOptions,
  groupId: string,
  tracks: Tracks,
  onBatch: (batch: FetchedBatch) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const consumer = createKafkaClient(kafka, logger).consumer({
    groupId,
    sessionTimeout: SESSION_TIMEOUT_MS,
    rebalanceTimeout: 2 * SESSION_TIMEOUT_MS,
    heartbeatInterval: HEARTBEAT_MS,
    allowAutoTopicCreation: false,
    maxWaitTimeInMs: FETCH_WAIT_MS,
    minBytes: 1,
    maxBytes: FETCH_MAX_BYTES,
    maxBytesPerPartition: PARTITION_MAX_BYTES,
    retry: {
      initialRetryTime: 100,
      maxRetryTime: 2_000,
      retries: 6,
      restartOnFailure: () => Promise.resolve(false),
    },
  });
  const asReadError = (error: unknown) => asStartError(explainedAs(error, kafka) ?? error, topic);
  const finished = Promise.withResolvers<void>();
  let ended = false;
  const end = (): void => {
    ended = true;
    clearTimeout(stall);
    finished.resolve();
  };
  const fail = (error: unknown): void => {
    ended = true;
    clearTimeout(stall);
    finished.reject(error);
  };
  const onStall = (): void => fail(tracks.stalled(STALLED_MS));
  let stall = setTimeout(onStall, STALLED_MS);
  const restartStall = (): void => {
    clearTimeout(stall);
    if (!ended) stall = setTimeout(onStall, STALLED_MS);
  };

  /** A done partition is not fetched any more; its share of the next fetch goes to the others. */
  const settle = (partition: number): void => {
    if (ended || tracks.isPending(partition)) return;
    consumer.pause([{ topic, partitions: [partition] }]);
    if (tracks.pending().length === 0) end();
  };

  /** Batches are taken one after the other: those without records come as events, which nobody awaits. */
  let queue: Promise<void> = Promise.resolve();
  const enqueue = (batch: FetchedBatch): Promise<void> => {
    queue = queue.then(() => take(batch)).catch(fail);
    return queue;
  };
  const take = async (batch: FetchedBatch): Promise<void> => {
    if (ended) return;
    const verdict = tracks.take(batch);
    if (verdict.kind === "moved") {
      consumer.seek({ topic, partition: batch.partition, offset: String(verdict.wanted) });
    } else if (verdict.kind === "taken") {
      // How long it takes is the caller's business.
      clearTimeout(stall);
      await onBatch(verdict.batch);
      tracks.advance(batch.partition, verdict.batch.end);
      restartStall();
      settle(batch.partition);
    }
  };
  const onPositions = (positions: readonly PartitionPosition[]): void => {
    try {
      for (const position of positions) {
        tracks.observe(position);
        settle(position.partition);
      }
    } catch (error) {
      fail(error);
    }
  };

  consumer.on(consumer.events.CRASH, (event) => fail(asReadError(event.payload.error)));
  consumer.on(consumer.events.FETCH_POSITIONS, (event) =>
    onPositions(event.payload.positions.map(toPosition)),
  );
  passOnEmptyBatches(consumer, enqueue, fail);

  /** In every generation: whatever took the partitions away, they go on where they stood. */
  const onAssigned = async (context: AssignmentContext): Promise<void> => {
    if (ended) {
      await context.leave();
      throw new PenstockError("consumer_crashed", `the reader of "${topic}" was stopped while it joined`);
    }
    await passDeleted(context, topic, tracks);
    if (tracks.pending().length === 0) {
      end();
      return;
    }
    const pending = new Map(tracks.pending().map(({ partition, position }) => [partition, position]));
    const others = context.partitionsOf(topic).filter((partition) => !pending.has(partition));
    if (others.length > 0) consumer.pause([{ topic, partitions: others }]);
    const partitions = [...pending].map(([partition, position]) => ({
      partition,
      offset: String(position),
      metadata: null,
    }));
    try {
      await context.commit([{ topic, partitions }]);
    } catch (error) {
      // kafkajs crashes without leaving: until the session ends the group would not be empty, and could not be deleted.
      if (isForbidden(error)) await context.leave();
      throw error;
    }
  };
  const decoder = createBatchDecoder(topic, kafka.maxBatchBytes);
  const decodeBatch: ConsumerRunConfig["decodeBatch"] = async ({ batch }) => {
    await decoder.open(batch).decode();
    return () => {};
  };
  const eachBatch = async (payload: EachBatchPayload): Promise<void> => {
    try {
      await beating(enqueue(toFetchedBatch(payload.batch)), () => payload.heartbeat());
    } catch (error) {
      if (error instanceof KafkaJSError) throw error;
      fail(error);
    }
  };

  const onAbort = (): void => fail(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  const joining = consumer
    .connect()
    .then(() => consumer.subscribe({ topics: [topic], fromBeginning: true }))
    .then(() => consumer.run({ autoCommit: false, onAssigned, decodeBatch, eachBatch }));
  try {
    joining.catch((error: unknown) => fail(asReadError(error)));
    if (signal.aborted) onAbort();
    await finished.promise;
  } finally {
    signal.removeEventListener("abort", onAbort);
    await settledWithin(joining, LEAVE_LIMIT_MS);
    await consumer.disconnect();
  }
}

/** Committing takes READ on the topic and on the group, as fetching does. */
function isForbidden(error: unknown): boolean {
  return error instanceof KafkaJSProtocolError && error.type.endsWith("_AUTHORIZATION_FAILED");
}

/** Retention may have gone on meanwhile: a position out of range is what makes the reader join again. */
async function passDeleted(context: AssignmentContext, topic: string, tracks: Tracks): Promise<void> {
  const partitions = tracks.pending().map(({ partition }) => ({ partition }));
  const starts = await context.fetchStartOffsets([{ topic, partitions }]);
  for (const { partition, offset } of starts.flatMap((entry) => entry.partitions))
    tracks.advance(partition, Number(offset));
}

/**
 * Keeps the membership while a batch is worked on.
 * @throws what a heartbeat threw, once the work is done: kafkajs then joins again
 */
async function beating(work: Promise<void>, heartbeat: () => Promise<void>): Promise<void> {
  const failed: unknown[] = [];
  const timer = setInterval(() => {
    heartbeat().catch((error: unknown) => failed.push(error));
  }, HEARTBEAT_MS);
  try {
    await work;
  } finally {
    clearInterval(timer);
  }
  if (failed.length > 0) throw failed[0];
}
