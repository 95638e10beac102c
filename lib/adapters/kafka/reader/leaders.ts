import { backoffMs, type BackoffRule } from "../../../rules/base/backoff.ts";
import { messageOf } from "../../../rules/base/errors.ts";
import type { Time } from "../../../rules/base/time.ts";
import type { KafkaError, KafkaWire, MetadataAnswer } from "../protocol/wire.ts";

/** The metadata of one topic. */
export interface TopicLeaders {
  readonly topic: string;
  readonly error: KafkaError;
  /** The leader by partition, -1 if it currently has none. Empty if there is an error. */
  readonly leaders: ReadonlyMap<number, number>;
}

/** The cached leaders of partitions. Requests are batched over topics, and repeated when an entry is outdated. */
export interface Leaders {
  /** Returns the leading broker, or null if unknown or none. */
  of(topic: string, partition: number): number | null;
  /** Returns the latest metadata of a topic, or null. */
  topic(topic: string): TopicLeaders | null;
  /** Requests it after `inMs`, together with everything else due by then. If it is due sooner already, that stays. */
  need(topic: string, inMs: number): void;
  /** Requests unknown topics. Resolves once each has been answered, even with an error, or the request has failed. */
  find(topics: Iterable<string>): Promise<void>;
  /** Drops a topic that is no longer needed. */
  forget(topic: string): void;
  /** Called with every answer, after the cache was updated. */
  onAnswer(listener: (topics: readonly TopicLeaders[]) => void): void;
  /** Called if a request was not answered; it is repeated. */
  onFailure(listener: (topics: readonly string[], reason: string) => void): void;
  close(): Promise<void>;
}

const ANSWER_MS = 3_000;
/** The minimum distance between requests, to batch what comes in between. The first is sent at once. */
const GAP_MS = 25;
const BACKOFF: BackoffRule = { initialMs: 100, maxMs: 2_000 };

export function createLeaders({ wire, time }: { readonly wire: KafkaWire; readonly time: Time }): Leaders {
  const known = new Map<string, TopicLeaders>();
  /** When to request each topic. */
  const due = new Map<string, number>();
  const answerListeners: ((topics: readonly TopicLeaders[]) => void)[] = [];
  const failureListeners: ((topics: readonly string[], reason: string) => void)[] = [];
  const waiting = new Set<{ readonly topics: Set<string>; readonly resolve: () => void }>();
  let timer: { readonly atMs: number; readonly callOff: () => void } | null = null;
  let asking: Promise<void> | null = null;
  let failures = 0;
  let askedAtMs = -Infinity;
  let closed = false;

  const setTimer = (dueMs: number): void => {
    const atMs = Math.max(dueMs, askedAtMs + GAP_MS);
    if (closed || asking !== null || (timer !== null && timer.atMs <= atMs)) return;
    timer?.callOff();
    timer = { atMs, callOff: time.after(Math.max(0, atMs - time.monotonicMs()), onTimer) };
  };

  const onTimer = (): void => {
    timer = null;
    const nowMs = time.monotonicMs();
    const topics = [...due].flatMap(([topic, atMs]) => (atMs <= nowMs + 1 ? [topic] : []));
    for (const topic of topics) due.delete(topic);
    if (topics.length > 0) {
      askedAtMs = nowMs;
      asking = ask(topics);
    } else {
      setTimerForNext();
    }
  };

  const setTimerForNext = (): void => {
    let soonest = Infinity;
    for (const atMs of due.values()) soonest = Math.min(soonest, atMs);
    if (soonest < Infinity) setTimer(soonest);
  };

  const ask = async (topics: readonly string[]): Promise<void> => {
    try {
      const answer = await wire.call(
        null,
        "Metadata",
        { topics },
        { lane: "questions", timeoutMs: ANSWER_MS },
      );
      failures = 0;
      if (!closed) take(answer);
      // A topic missing from the answer stays unknown; its waiter asks again.
      settle(topics);
    } catch (error) {
      if (closed) return;
      failures += 1;
      const inMs = backoffMs(BACKOFF, failures, time.random());
      for (const topic of topics) need(topic, inMs);
      for (const listener of failureListeners) listener(topics, messageOf(error));
      settle(topics);
    } finally {
      asking = null;
      setTimerForNext();
    }
  };

  const take = (answer: MetadataAnswer): void => {
    const told = answer.topics.map(({ topic, error, partitions }) => ({
      topic,
      error,
      leaders: new Map(partitions.map(({ partition, leader }) => [partition, leader])),
    }));
    for (const topic of told) known.set(topic.topic, topic);
    for (const listener of answerListeners) listener(told);
  };

  const settle = (topics: readonly string[]): void => {
    for (const one of waiting) {
      for (const topic of topics) one.topics.delete(topic);
      if (one.topics.size > 0) continue;
      waiting.delete(one);
      one.resolve();
    }
  };

  const need = (topic: string, inMs: number): void => {
    const atMs = together(time.monotonicMs() + inMs, inMs);
    if (closed || (due.get(topic) ?? Infinity) <= atMs) return;
    due.set(topic, atMs);
    setTimer(atMs);
  };

  return {
    of(topic, partition) {
      const leader = known.get(topic)?.leaders.get(partition) ?? -1;
      return leader < 0 ? null : leader;
    },
    topic: (topic) => known.get(topic) ?? null,
    need,
    async find(topics) {
      const unknown = new Set<string>();
      for (const topic of topics) if (known.get(topic)?.error !== null) unknown.add(topic);
      if (unknown.size === 0 || closed) return;
      const told = Promise.withResolvers<void>();
      waiting.add({ topics: unknown, resolve: told.resolve });
      for (const topic of unknown) need(topic, 0);
      await told.promise;
    },
    forget(topic) {
      known.delete(topic);
      for (const { topics } of waiting) if (topics.has(topic)) return;
      due.delete(topic);
    },
    onAnswer: (listener) => void answerListeners.push(listener),
    onFailure: (listener) => void failureListeners.push(listener),
    async close() {
      closed = true;
      timer?.callOff();
      for (const { resolve } of waiting) resolve();
      waiting.clear();
      await asking;
    },
  };
}

/** Rounds up to a grid, so that many failing topics share few requests. */
function together(atMs: number, inMs: number): number {
  if (inMs < 50) return atMs;
  const gridMs = inMs < 1_000 ? 100 : 500;
  return Math.ceil(atMs / gridMs) * gridMs;
}
