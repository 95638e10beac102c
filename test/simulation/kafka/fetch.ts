import type {
  FetchAnswer,
  FetchedPartition,
  FetchRequest,
  KafkaError,
} from "../../../lib/adapters/kafka/protocol/wire.ts";
import type { AnsweredPartition, AskedPartition, FetchContext } from "./fetch-session.ts";
import type { Replicas } from "./replicas.ts";

/** What a broker knows of a partition that it is asked for. */
export interface ReadablePartition {
  readonly replicas: Replicas;
  readonly leads: boolean;
  /** The broker that this consumer had better read from (KIP-392); -1: none. */
  readonly preferredReadReplica: number;
}

/** @returns the error that stands in the way of reading it there, or the partition */
export type FindPartition = (asked: AskedPartition) => KafkaError | ReadablePartition;

interface Read {
  readonly partitions: readonly AnsweredPartition[];
  readonly bytes: number;
  /** An error or a better broker is told at once. */
  readonly urgent: boolean;
}

/** One pass over all that is asked for, in the session's order, within the request's limits. */
export function readAll(
  nodeId: number,
  request: FetchRequest,
  asked: readonly AskedPartition[],
  find: FindPartition,
): Read {
  let bytes = 0;
  let urgent = false;
  const partitions = asked.map((one): AnsweredPartition => {
    // The first batch of the first partition that has any is brought, however large it is.
    const limit = { bytes: Math.max(0, request.maxBytes - bytes), atLeastOne: bytes === 0 };
    const fetched = readOne(nodeId, one, limit, find(one));
    bytes += fetched.records?.byteLength ?? 0;
    urgent ||= fetched.error !== null || fetched.preferredReadReplica !== -1;
    return { topic: one.topic, fetched };
  });
  return { partitions, bytes, urgent };
}

/** Whether what came since is enough to end the long poll; or an error is. */
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
    // Kafka answers at once where a log became shorter than what is asked for.
    if (one.fetchOffset > stable) return true;
    bytes += Math.min(one.maxBytes, found.replicas.log.bytesBetween(one.fetchOffset, stable, one.maxBytes));
    if (bytes >= request.minBytes) return true;
  }
  return false;
}

/** The answer as it is sent, by topic. */
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
