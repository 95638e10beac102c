import { backoffMs, type BackoffRule } from "../../../rules/base/backoff.ts";
import { messageOf } from "../../../rules/base/errors.ts";
import type { Time } from "../../../rules/base/time.ts";
import type { KafkaError, KafkaWire, MetadataAnswer } from "../protocol/wire.ts";

/** What Kafka says of one topic. */
export interface TopicLeaders {
  readonly topic: string;
  readonly error: KafkaError;
  /** By partition; -1: it has none at the moment. Empty where there is an error. */
  readonly leaders: ReadonlyMap<number, number>;
}

/** Who leads which partition. Asked for many topics at once, and again where it turned out to be otherwise. */
export interface Leaders {
  /** The broker; null: not known, or there is none. */
  of(topic: string, partition: number): number | null;
  /** As last told; null: nothing was. */
  topic(topic: string): TopicLeaders | null;
  /** Asks for it after so long, together with whatever is due by then. Sooner, if that was said before. */
  need(topic: string, inMs: number): void;
  /** Asks for those that are not known. Resolves once each was told of, whatever was told, or nobody answered. */
  find(topics: Iterable<string>): Promise<void>;
  /** Nobody asks for it any more. */
  forget(topic: string): void;
  /** Called with every answer, once what it says is known here. */
  onTold(listener: (topics: readonly TopicLeaders[]) => void): void;
  /** Called where nobody answered; they are asked for again. */
  onSilent(listener: (topics: readonly string[], reason: string) => void): void;
  close(): Promise<void>;
}

const ANSWER_MS = 3_000;
/** After a request another one waits so long, for what comes meanwhile; the first is sent at once. */
const GAP_MS = 25;
const BACKOFF: BackoffRule = { initialMs: 100, maxMs: 2_000 };

export function createLeaders({ wire, time }: { readonly wire: KafkaWire; readonly time: Time }): Leaders {
  const known = new Map<string, TopicLeaders>();
  /** By topic, when it is to be asked for. */
  const due = new Map<string, number>();
  const tellers: ((topics: readonly TopicLeaders[]) => void)[] = [];
  const silents: ((topics: readonly string[], reason: string) => void)[] = [];
  const waiting = new Set<{ readonly topics: Set<string>; readonly resolve: () => void }>();
  let alarm: { readonly atMs: number; readonly callOff: () => void } | null = null;
  let asking: Promise<void> | null = null;
  let failures = 0;
  let askedAtMs = -Infinity;
  let closed = false;

  const setAlarm = (dueMs: number): void => {
    const atMs = Math.max(dueMs, askedAtMs + GAP_MS);
    if (closed || asking !== null || (alarm !== null && alarm.atMs <= atMs)) return;
    alarm?.callOff();
    alarm = { atMs, callOff: time.after(Math.max(0, atMs - time.monotonicMs()), onAlarm) };
  };

  const onAlarm = (): void => {
    alarm = null;
    const nowMs = time.monotonicMs();
    const topics = [...due].flatMap(([topic, atMs]) => (atMs <= nowMs + 1 ? [topic] : []));
    for (const topic of topics) due.delete(topic);
    if (topics.length > 0) {
      askedAtMs = nowMs;
      asking = ask(topics);
    } else {
      setAlarmForNext();
    }
  };

  const setAlarmForNext = (): void => {
    let soonest = Infinity;
    for (const atMs of due.values()) soonest = Math.min(soonest, atMs);
    if (soonest < Infinity) setAlarm(soonest);
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
      // Of one that it leaves out nothing is known; whoever waits asks again.
      settle(topics);
    } catch (error) {
      if (closed) return;
      failures += 1;
      const inMs = backoffMs(BACKOFF, failures, time.random());
      for (const topic of topics) need(topic, inMs);
      for (const silent of silents) silent(topics, messageOf(error));
      settle(topics);
    } finally {
      asking = null;
      setAlarmForNext();
    }
  };

  const take = (answer: MetadataAnswer): void => {
    const told = answer.topics.map(({ topic, error, partitions }) => ({
      topic,
      error,
      leaders: new Map(partitions.map(({ partition, leader }) => [partition, leader])),
    }));
    for (const topic of told) known.set(topic.topic, topic);
    for (const tell of tellers) tell(told);
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
    setAlarm(atMs);
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
    onTold: (listener) => void tellers.push(listener),
    onSilent: (listener) => void silents.push(listener),
    async close() {
      closed = true;
      alarm?.callOff();
      for (const { resolve } of waiting) resolve();
      waiting.clear();
      await asking;
    },
  };
}

/** On a grid, so that many topics in trouble are asked for in few requests. */
function together(atMs: number, inMs: number): number {
  if (inMs < 50) return atMs;
  const gridMs = inMs < 1_000 ? 100 : 500;
  return Math.ceil(atMs / gridMs) * gridMs;
}
