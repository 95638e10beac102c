import { Grouped } from "../../lib/rules/fetch/session.ts";
import { PenstockError } from "../../lib/rules/base/errors.ts";
import type { Time } from "../../lib/rules/base/time.ts";
import type {
  CallOptions,
  FetchAnswer,
  FetchedPartition,
  FetchRequest,
  KafkaApi,
  KafkaCalls,
  KafkaWire,
  Lane,
  RecordsBlob,
} from "../../lib/adapters/kafka/protocol/wire.ts";

/** Offsets [first, end) instead of bytes. */
export interface ModelRecords extends RecordsBlob {
  readonly first: number;
  readonly end: number;
}

interface Log {
  leader: number;
  start: number;
  end: number;
  recordBytes: number;
  hasTimes: boolean;
  /** Any broker answers this instead of records. */
  error: string | null;
  /** The broker that the leader redirects readers of a rack to; -1 for none. */
  nearer: number;
}

interface Session {
  epoch: number;
  readonly asks: Map<string, { topic: string; partition: number; fetchOffset: number; maxBytes: number }>;
  /** Its last answer, by partition. */
  readonly told: Map<string, string>;
}

/** Each record's timestamp is its offset, unless the log has none. */
function atTime(log: Log | undefined, at: number): number {
  if (log === undefined || !log.hasTimes || at >= log.end) return -1;
  return Math.max(log.start, at);
}

/** A request and its time. */
export interface Asked {
  readonly to: number | null;
  readonly api: KafkaApi;
  readonly lane: Lane;
  readonly atMs: number;
  readonly request: FetchRequest | null;
}

const LATENCY_MS = 1;

/** Brokers that know only what a reader needs: logs, leaders, fetch sessions. */
export class ModelKafka implements KafkaWire {
  readonly asked: Asked[] = [];
  readonly logs = new Map<string, Log>();
  /** Errors by topic, instead of its metadata. */
  readonly topicErrors = new Map<string, string>();
  /** Brokers that do not answer. */
  readonly frozen = new Set<number>();
  /** Brokers without a free slot for a session. */
  readonly full = new Set<number>();
  readonly #time: Time;
  readonly #sessions = new Map<number, Session>();
  readonly #underWay = new Map<string, (error: Error) => void>();
  #ids = 0;
  #changed = Promise.withResolvers<void>();

  constructor(time: Time) {
    this.#time = time;
  }

  create(topic: string, partitions = 1, log: Partial<Log> = {}): void {
    for (let partition = 0; partition < partitions; partition += 1) {
      const fresh = {
        leader: 1,
        start: 0,
        end: 0,
        recordBytes: 100,
        hasTimes: true,
        error: null,
        nearer: -1,
      };
      this.logs.set(`${topic}/${partition}`, { ...fresh, ...log });
    }
  }

  log(topic: string, partition = 0): Log {
    const log = this.logs.get(`${topic}/${partition}`);
    if (log === undefined) throw new Error(`no log of ${topic}/${partition}`);
    return log;
  }

  append(topic: string, count: number, partition = 0): void {
    this.log(topic, partition).end += count;
    this.wake();
  }

  /** Wakes waiting fetches to look again. */
  wake(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }

  evictSessions(): void {
    this.#sessions.clear();
  }

  fetches(lane: Lane): readonly (Asked & { readonly request: FetchRequest })[] {
    return this.asked.flatMap((call) =>
      call.request !== null && call.lane === lane ? [{ ...call, request: call.request }] : [],
    );
  }

  async call<A extends KafkaApi>(
    to: number | null,
    api: A,
    request: KafkaCalls[A]["request"],
    how: CallOptions,
  ): Promise<KafkaCalls[A]["answer"]> {
    const fetch = api === "Fetch" ? (request as FetchRequest) : null;
    this.asked.push({ to, api, lane: how.lane, atMs: this.#time.monotonicMs(), request: fetch });
    const line = `${to} ${how.lane}`;
    if (fetch !== null && this.#underWay.has(line)) throw new Error(`two fetches at a time: ${line}`);
    const ended = Promise.withResolvers<never>();
    if (fetch !== null) this.#underWay.set(line, ended.reject);
    const limitMs = how.timeoutMs + (fetch?.maxWaitMs ?? 0);
    const callOff = this.#time.after(limitMs, () => ended.reject(unavailable("no answer in time")));
    const onAbort = (): void => ended.reject(how.signal?.reason);
    how.signal?.addEventListener("abort", onAbort, { once: true });
    try {
      return (await Promise.race([this.#answer(to, api, request), ended.promise])) as KafkaCalls[A]["answer"];
    } finally {
      callOff();
      how.signal?.removeEventListener("abort", onAbort);
      if (fetch !== null) this.#underWay.delete(line);
    }
  }

  cut(to: number, lane: Lane): void {
    this.#underWay.get(`${to} ${lane}`)?.(unavailable("cut"));
  }

  knows(): Promise<boolean> {
    return Promise.resolve(true);
  }

  close(): Promise<void> {
    for (const end of this.#underWay.values()) end(unavailable("closed"));
    return Promise.resolve();
  }

  async #answer(to: number | null, api: KafkaApi, request: unknown): Promise<unknown> {
    await this.#pause(LATENCY_MS);
    const answer = await this.#serve(to, api, request);
    return to !== null && this.frozen.has(to) ? new Promise(() => {}) : answer;
  }

  #serve(to: number | null, api: KafkaApi, request: unknown): unknown {
    if (api === "Fetch" && to !== null) return this.#fetch(to, request as FetchRequest);
    if (api === "Metadata") return this.#metadata((request as { topics: string[] }).topics);
    if (api === "ListOffsets" && to !== null)
      return this.#listOffsets(to, request as KafkaCalls["ListOffsets"]["request"]);
    throw new Error(`nothing answers ${api}`);
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => void this.#time.after(ms, resolve));
  }

  #metadata(topics: readonly string[]): KafkaCalls["Metadata"]["answer"] {
    return {
      brokers: [],
      topics: topics.map((topic) => {
        const error = this.topicErrors.get(topic) ?? null;
        const partitions = [...this.logs].flatMap(([name, { leader }]) => {
          const at = name.lastIndexOf("/");
          return name.slice(0, at) === topic
            ? [{ partition: Number(name.slice(at + 1)), error: null, leader }]
            : [];
        });
        if (error === null && partitions.length > 0) return { topic, error, partitions };
        return { topic, error: error ?? "UNKNOWN_TOPIC_OR_PARTITION", partitions: [] };
      }),
    };
  }

  #listOffsets(
    node: number,
    { at, topics }: KafkaCalls["ListOffsets"]["request"],
  ): KafkaCalls["ListOffsets"]["answer"] {
    return {
      topics: topics.map(({ topic, partitions }) => ({
        topic,
        partitions: partitions.map((partition) => {
          const log = this.logs.get(`${topic}/${partition}`);
          const error = log === undefined ? "UNKNOWN_TOPIC_OR_PARTITION" : refusal(log, node);
          const offset = at === "earliest" ? log?.start : typeof at === "number" ? atTime(log, at) : log?.end;
          return { partition, error, offset: error === null ? (offset ?? -1) : -1 };
        }),
      })),
    };
  }

  async #fetch(node: number, request: FetchRequest): Promise<FetchAnswer> {
    const opened = this.#session(node, request);
    if ("error" in opened) return { error: opened.error, sessionId: 0, topics: [] };
    const { sessionId, session, isNew } = opened;
    const until = this.#time.monotonicMs() + request.maxWaitMs;
    for (;;) {
      const found = this.#read(node, request, session);
      const left = until - this.#time.monotonicMs();
      const isDue = [...found.values()].some(({ error, records, preferredReadReplica }) => {
        return error !== null || records !== null || preferredReadReplica >= 0;
      });
      if (isDue || left <= 0) {
        const topics = new Grouped<FetchedPartition>();
        for (const [name, part] of found) {
          const said = JSON.stringify([part.highWatermark, part.logStart, part.error]);
          const isSaid = session.told.get(name) === said && part.preferredReadReplica < 0;
          const isTold = !isNew && part.records === null && part.error === null && isSaid;
          session.told.set(name, said);
          if (!isTold) topics.add(name.slice(0, name.lastIndexOf("/")), part);
          const ask = session.asks.get(name);
          if (part.records === null || ask === undefined || isNew) continue;
          session.asks.delete(name);
          session.asks.set(name, ask);
        }
        return { error: null, sessionId, topics: topics.list };
      }
      await Promise.race([this.#changed.promise, this.#pause(left)]);
    }
  }

  #session(
    node: number,
    { sessionId, sessionEpoch, topics, forgotten }: FetchRequest,
  ):
    | { readonly error: string }
    | { readonly sessionId: number; readonly session: Session; readonly isNew: boolean } {
    const named = topics.flatMap(({ topic, partitions }) => partitions.map((ask) => ({ topic, ...ask })));
    if (sessionEpoch <= 0) {
      this.#sessions.delete(sessionId);
      const asks = new Map(named.map((ask) => [`${ask.topic}/${ask.partition}`, ask]));
      const session: Session = { epoch: 1, asks, told: new Map() };
      if (sessionEpoch < 0 || this.full.has(node)) return { sessionId: 0, session, isNew: true };
      this.#ids += 1;
      this.#sessions.set(this.#ids, session);
      return { sessionId: this.#ids, session, isNew: true };
    }
    const session = this.#sessions.get(sessionId);
    if (session === undefined) return { error: "FETCH_SESSION_ID_NOT_FOUND" };
    if (session.epoch !== sessionEpoch) return { error: "INVALID_FETCH_SESSION_EPOCH" };
    for (const ask of named) session.asks.set(`${ask.topic}/${ask.partition}`, ask);
    for (const { topic, partitions } of forgotten) {
      for (const partition of partitions) {
        session.asks.delete(`${topic}/${partition}`);
        session.told.delete(`${topic}/${partition}`);
      }
    }
    session.epoch += 1;
    return { sessionId, session, isNew: false };
  }

  #read(node: number, { maxBytes, rack }: FetchRequest, { asks }: Session): Map<string, FetchedPartition> {
    let left = maxBytes;
    let isFirst = true;
    const found = new Map<string, FetchedPartition>();
    for (const [name, ask] of asks) {
      const { partition, fetchOffset } = ask;
      const log = this.logs.get(name);
      const nothing = { partition, aborted: [], preferredReadReplica: -1, records: null };
      const unknown = { ...nothing, highWatermark: -1, lastStableOffset: -1, logStart: -1 };
      const error = log === undefined ? "UNKNOWN_TOPIC_OR_PARTITION" : refusal(log, node, rack);
      if (log === undefined || error !== null) {
        found.set(name, { ...unknown, error });
        continue;
      }
      const { start, end, recordBytes, nearer } = log;
      if (fetchOffset < start || fetchOffset > end) {
        found.set(name, { ...unknown, error: "OFFSET_OUT_OF_RANGE" });
        continue;
      }
      const at = { ...nothing, error: null, highWatermark: end, lastStableOffset: end, logStart: start };
      if (node === log.leader && rack !== "" && nearer >= 0) {
        found.set(name, { ...at, preferredReadReplica: nearer });
        continue;
      }
      const fits = Math.floor(Math.min(ask.maxBytes, left) / recordBytes);
      const count = Math.min(end - fetchOffset, Math.max(isFirst ? 1 : 0, fits));
      if (count === 0) {
        found.set(name, at);
        continue;
      }
      isFirst = false;
      left -= count * recordBytes;
      const records: ModelRecords = {
        byteLength: count * recordBytes,
        first: fetchOffset,
        end: fetchOffset + count,
      };
      found.set(name, { ...at, records });
    }
    return found;
  }
}

/** The error of a broker that must not answer for this log; null if it may. */
function refusal({ error, leader, nearer }: Log, node: number, rack = ""): string | null {
  if (error !== null) return error;
  return node === leader || (node === nearer && rack !== "") ? null : "NOT_LEADER_FOR_PARTITION";
}

function unavailable(text: string): PenstockError {
  return new PenstockError("kafka_unavailable", text, { retryable: true });
}
