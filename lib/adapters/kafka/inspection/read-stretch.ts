import { PenstockError, usage } from "../../../rules/base/errors.ts";
import { quoted } from "../../../rules/base/visible-text.ts";
import { EntryList, type LogStretch } from "../../../rules/inspection/entries.ts";
import type { FetchedPartition, KafkaWire } from "../protocol/wire.ts";
import { readLogPositions } from "../queries/log-positions.ts";
import { refused } from "../queries/offsets.ts";
import { whileLeadersMove } from "../queries/patience.ts";
import type { PartitionPosition } from "../reader/reader.ts";
import { addBatches, type BatchDecoding } from "./batch-entries.ts";

export interface StretchWanted {
  readonly topic: string;
  readonly partition: number;
  /** Negative: so many before the end of what can be read. */
  readonly offset: number;
  /** The most entries; fewer come if their records are large. */
  readonly limit: number;
}

export interface StretchDeps extends BatchDecoding {
  /** Nobody else may read over it. */
  readonly wire: KafkaWire;
}

const ANSWER_MS = 5_000;
/** As sent. A larger record batch comes alone. */
const FETCH_BYTES = 1024 * 1024;
/** A topic with many aborted or compacted records is looked at for so many fetches at once. */
const FETCHES = 16;

/**
 * Reads what lies at an offset and behind it, at read_committed and without a group. Offsets without a record are said
 * with their reason, so that every offset is accounted for.
 * @throws PenstockError `topic_missing`, `usage` if the topic has no such partition, `kafka_refused`,
 *   `kafka_unavailable`; the signal's reason
 */
export function readStretch(
  wanted: StretchWanted,
  deps: StretchDeps,
  signal: AbortSignal,
): Promise<LogStretch> {
  return whileLeadersMove(() => readOnce(wanted, deps, signal), signal);
}

async function readOnce(
  wanted: StretchWanted,
  { wire, ...decoding }: StretchDeps,
  signal: AbortSignal,
): Promise<LogStretch | PenstockError> {
  const { topic, partition, limit } = wanted;
  const leader = await leaderOf(wanted, wire, signal);
  if (leader instanceof PenstockError) return leader;
  const log = await positionOf(wanted, wire, signal);
  if (log instanceof PenstockError) return log;
  const { logStart, lastStableOffset, highWatermark } = log;
  const list = new EntryList();
  const from = wanted.offset < 0 ? Math.max(logStart, lastStableOffset + wanted.offset) : wanted.offset;
  list.gap(from, Math.min(logStart, highWatermark), "deleted");
  let next = Math.max(from, logStart);
  for (let fetches = 0; fetches < FETCHES && next < lastStableOffset && !list.isFull(limit); fetches += 1) {
    const fetched = await fetch({ topic, partition, offset: next, leader }, wire, signal);
    if (fetched.error !== null) {
      // Retention may have moved on since the position was looked up.
      if (fetched.error === "OFFSET_OUT_OF_RANGE") return refused(topic, "LEADER_NOT_AVAILABLE");
      return refused(topic, fetched.error);
    }
    const { records, aborted } = fetched;
    if (records === null) break;
    const after = await addBatches(list, decoding, { records, aborted, position: log, from: next, limit });
    if (after === next) break;
    next = after;
  }
  if (next >= lastStableOffset && !list.isFull(limit)) {
    list.gap(Math.max(next, lastStableOffset), highWatermark, "open transaction");
    // Who asks for the newest does not ask for what comes next.
    if (wanted.offset >= 0) list.gap(Math.max(from, highWatermark), from + 1, "not written");
    next = Math.max(next, highWatermark);
  }
  return { partition, logStart, lastStableOffset, highWatermark, entries: list.entries, next };
}

async function leaderOf(
  { topic, partition }: StretchWanted,
  wire: KafkaWire,
  signal: AbortSignal,
): Promise<number | PenstockError> {
  const how = { lane: "questions", timeoutMs: ANSWER_MS, signal } as const;
  const { topics } = await wire.call(null, "Metadata", { topics: [topic] }, how);
  const [told] = topics;
  if (told === undefined || told.error !== null)
    return refused(topic, told?.error ?? "UNKNOWN_TOPIC_OR_PARTITION");
  const found = told.partitions.find((one) => one.partition === partition);
  if (found === undefined)
    throw usage(
      `partition ${partition} does not exist: topic ${quoted(topic)} has ${told.partitions.length}, counted from 0`,
    );
  return found.leader < 0 ? refused(topic, found.error ?? "LEADER_NOT_AVAILABLE") : found.leader;
}

async function positionOf(
  { topic, partition }: StretchWanted,
  wire: KafkaWire,
  signal: AbortSignal,
): Promise<PartitionPosition | PenstockError> {
  const silent: PenstockError[] = [];
  const asked = new Map([[topic, new Set([partition])]]);
  const positions = await readLogPositions(wire, asked, signal, (_, error) => void silent.push(error));
  const [found] = positions.get(topic) ?? [];
  if (found !== undefined) return found;
  const [error] = silent;
  if (error !== undefined && !error.retryable) throw error;
  return error ?? refused(topic, "LEADER_NOT_AVAILABLE");
}

async function fetch(
  at: {
    readonly topic: string;
    readonly partition: number;
    readonly offset: number;
    readonly leader: number;
  },
  wire: KafkaWire,
  signal: AbortSignal,
): Promise<FetchedPartition> {
  const { topic, partition, offset, leader } = at;
  const request = {
    maxWaitMs: 0,
    minBytes: 0,
    maxBytes: FETCH_BYTES,
    sessionId: 0,
    sessionEpoch: -1,
    rack: "",
    topics: [{ topic, partitions: [{ partition, fetchOffset: offset, maxBytes: FETCH_BYTES }] }],
    forgotten: [],
  };
  const how = { lane: "backlog", timeoutMs: ANSWER_MS, signal } as const;
  const { error, topics } = await wire.call(leader, "Fetch", request, how);
  const fetched = topics[0]?.partitions[0];
  if (fetched !== undefined) return fetched;
  throw refused(topic, error ?? "UNKNOWN");
}
