import type {
  FetchedPartition,
  FetchRequest,
  KafkaError,
} from "../../../lib/adapters/kafka/protocol/wire.ts";

/** The request for one partition. */
export interface AskedPartition {
  readonly topic: string;
  readonly partition: number;
  readonly fetchOffset: number;
  readonly maxBytes: number;
}

/** The result for one partition. */
export interface AnsweredPartition {
  readonly topic: string;
  readonly fetched: FetchedPartition;
}

/** A request merged with its session. */
export interface FetchContext {
  readonly asked: readonly AskedPartition[];
  /** Picks the part of the answer to send, and the session. */
  answer(partitions: readonly AnsweredPartition[]): {
    readonly error: KafkaError;
    readonly sessionId: number;
    readonly partitions: readonly AnsweredPartition[];
  };
}

interface CachedPartition {
  asked: AskedPartition;
  highWatermark: number;
  logStart: number;
}

/** A broker's memory of a consumer's incremental fetches (KIP-227). */
export class FetchSession {
  readonly id: number;
  readonly createdMs: number;
  usedMs: number;
  /** Of the request to come. */
  epoch = 1;
  /** In reading order. */
  readonly partitions = new Map<string, CachedPartition>();

  constructor(id: number, nowMs: number) {
    this.id = id;
    this.createdMs = nowMs;
    this.usedMs = nowMs;
  }

  /** Applies a request's additions, changes and removals. */
  update(request: FetchRequest): void {
    for (const asked of askedIn(request)) {
      const cached = this.partitions.get(keyOf(asked));
      if (cached === undefined) this.partitions.set(keyOf(asked), { asked, highWatermark: -1, logStart: -1 });
      else cached.asked = asked;
    }
    for (const { topic, partitions } of request.forgotten)
      for (const partition of partitions) this.partitions.delete(keyOf({ topic, partition }));
  }

  /** Remembers the first request and its answer. */
  begin(asked: readonly AskedPartition[], answered: readonly AnsweredPartition[]): void {
    const byKey = new Map(asked.map((one) => [keyOf(one), one]));
    for (const { topic, fetched } of answered) {
      const key = keyOf({ topic, partition: fetched.partition });
      const one = byKey.get(key);
      if (one !== undefined)
        this.partitions.set(key, {
          asked: one,
          highWatermark: fetched.highWatermark,
          logStart: fetched.logStart,
        });
    }
  }

  /** Those with records, an error or changed positions. Partitions that returned records are read last next time. */
  changed(answered: readonly AnsweredPartition[]): readonly AnsweredPartition[] {
    return answered.filter(({ topic, fetched }) => {
      const key = keyOf({ topic, partition: fetched.partition });
      const cached = this.partitions.get(key);
      if (cached === undefined) return false;
      const tells =
        fetched.records !== null ||
        fetched.error !== null ||
        fetched.preferredReadReplica !== -1 ||
        cached.highWatermark !== fetched.highWatermark ||
        cached.logStart !== fetched.logStart;
      cached.highWatermark = fetched.error === null ? fetched.highWatermark : -1;
      cached.logStart = fetched.logStart;
      if (fetched.records !== null) {
        this.partitions.delete(key);
        this.partitions.set(key, cached);
      }
      return tells;
    });
  }
}

export function askedIn({ topics }: Pick<FetchRequest, "topics">): readonly AskedPartition[] {
  return topics.flatMap(({ topic, partitions }) => partitions.map((one) => ({ topic, ...one })));
}

function keyOf({ topic, partition }: { readonly topic: string; readonly partition: number }): string {
  return `${topic}/${partition}`;
}
