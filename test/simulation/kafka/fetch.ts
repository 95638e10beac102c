import type {
  FetchAnswer,
  FetchedPartition,
  FetchRequest,
  KafkaError,
} from "../../../lib/adapters/kafka/protocol/wire.ts";
import type { AnsweredPartition, AskedPartition, FetchContext } from "./fetch-session.ts";
import type { Replicas } from "./replicas.ts";

/** A broker's view of a requested partition. */
export interface ReadablePartition {
  readonly replicas: Replicas;
  readonly leads: boolean;
  /** The broker this consumer should read from (KIP-392); -1 if any. */
  readonly preferredReadReplica: number;
}

/** @returns the partition, or the error that prevents reading it there */
export type FindPartition = (asked: AskedPartition) => KafkaError | ReadablePartition;

interface Read {
  readonly partitions: readonly AnsweredPartition[];
  readonly bytes: number;
  /** True for an error or a better broker, which are reported at once. */
  readonly urgent: boolean;
}

/** One pass over all requested partitions, in the session's order, within the request's limits. */
export function readAll(
  nodeId: number,
  request: FetchRequest,
  asked: readonly AskedPartition[],
  find: FindPartition,
): Read {
  let bytes = 0;
  let urgent = false;
  const partitions = asked.map((one): AnsweredPartition => {
    // The first batch of the first non-empty partition is returned, however large it is.
    const limit = { bytes: Math.max(0, request.maxBytes - bytes), atLeastOne: bytes === 0 };
    const fetched = readOne(nodeId, one, limit, find(one));
    bytes += fetched.records?.byteLength ?? 0;
    urgent ||= fetched.error !== null || fetched.preferredReadReplica !== -1;
    return { topic: one.topic, fetched };
  });
  return { partitions, bytes, urgent };
}

/** Whether new data is enough to end the long poll, or there is an error. */
export function isDue(
  nodeId: number,
  request: FetchRequest,
  asked: readonly AskedPartition[],
  find: FindPartition,
): boolean {
  let bytes = 0;
  for (const one of asked) {
    const found = find(one);
    if (found === null || typeof found === "string") return true;
    const stable = found.replicas.lastStableOffset(nodeId);
    // Kafka answers at once if a log became shorter than the requested offset.
    if (one.fetchOffset > stable) return true;
    bytes += Math.min(one.maxBytes, found.replicas.log.bytesBetween(one.fetchOffset, stable, one.maxBytes));
    if (bytes >= request.minBytes) return true;
  }
  return false;
}

/** The answer to send, by topic. */
export function answerOf(context: FetchContext, partitions: readonly AnsweredPartition[]): FetchAnswer {
  const answer = context.answer(partitions);
  const topics = new Map<string, FetchedPartition[]>();
  for (const { topic, fetched } of answer.partitions) {
    const list = topics.get(topic);
    if (list === undefined) topics.set(topic, [fetched]);
    else list.push(fetched);
  }
  return {
    error: answer.error,
    sessionId: answer.sessionId,
    topics: [...topics].map(([topic, partitions]) => ({ topic, partitions })),
  };
}

function readOne(
  nodeId: number,
  asked: AskedPartition,
  limit: { readonly bytes: number; readonly atLeastOne: boolean },
  found: KafkaError | ReadablePartition,
): FetchedPartition {
  if (found === null || typeof found === "string") return refused(asked, found ?? "UNKNOWN");
  const { replicas, leads, preferredReadReplica } = found;
  const { log } = replicas;
  const highWatermark = replicas.highWatermark(nodeId);
  // A follower's log may be shorter than the leader's.
  const end = leads ? log.end : highWatermark;
  if (preferredReadReplica === -1 && (asked.fetchOffset < log.start || asked.fetchOffset > end))
    return refused(asked, "OFFSET_OUT_OF_RANGE");
  const lastStableOffset = replicas.lastStableOffset(nodeId);
  const read =
    preferredReadReplica === -1
      ? log.read(asked.fetchOffset, lastStableOffset, Math.min(asked.maxBytes, limit.bytes), limit.atLeastOne)
      : { records: null, aborted: [] };
  return {
    partition: asked.partition,
    error: null,
    highWatermark,
    lastStableOffset,
    logStart: log.start,
    aborted: read.aborted,
    preferredReadReplica,
    records: read.records,
  };
}

function refused({ partition }: AskedPartition, error: KafkaError): FetchedPartition {
  return {
    partition,
    error,
    highWatermark: -1,
    lastStableOffset: -1,
    logStart: -1,
    aborted: [],
    preferredReadReplica: -1,
    records: null,
  };
}
