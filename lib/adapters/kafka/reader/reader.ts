import { backoffMs, type BackoffRule } from "../../../rules/base/backoff.ts";
import { messageOf, PenstockError } from "../../../rules/base/errors.ts";
import { isMoving, partitionWords } from "../../../rules/trouble/kafka-words.ts";
import type { Logger } from "../../../rules/base/logger.ts";
import type { Time } from "../../../rules/base/time.ts";
import type { FetchedPartition, KafkaWire } from "../protocol/wire.ts";
import { createLeaders, type Leaders, type TopicLeaders } from "./leaders.ts";
import { OpenRead, type ReadAsk, type ReadKeeper } from "./open-read.ts";
import { createPlace, type Place } from "./place.ts";
import type { PartitionRead, PartitionSink } from "./sink.ts";

export type { FetchedPart, PartitionPosition, PartitionRead, PartitionSink } from "./sink.ts";

export interface ReaderOptions {
  readonly wire: KafkaWire;
  /** `kafka.rack`; empty: none. */
  readonly rack: string;
  readonly time: Time;
  readonly logger: Logger;
}

/** Reads any number of partitions, with two connections to each of their brokers at most. */
export interface Reader {
  /**
   * The first fetch does not wait for a long poll that is under way.
   * @throws Error where it is read already
   */
  open(topic: string, partition: number, offset: number, sink: PartitionSink): PartitionRead;
  /** Who leads which partition, for whoever has something else to ask of the leaders. Closed with the reader. */
  readonly leaders: Leaders;
  close(): Promise<void>;
}

/** However quiet it is: so late a leader's better place is noticed, or a nearer replica. */
const REFRESH_MS = 5 * 60_000;
/** KIP-392 has the client's metadata's age, which is the same. */
const REPLICA_MS = REFRESH_MS;
/** So long a partition is read from its leader when the nearer replica did not do. */
const LEADER_ONLY_MS = 30_000;
/** Leaders move, brokers restart, a topic that was just created is not known everywhere: that is told when it lasts. */
const PASSING_MS = 2_000;
/** For one partition, from its second failure in a row on: at the first its leader has just moved. */
const REFUSED_BACKOFF: BackoffRule = { initialMs: 100, maxMs: 2_000 };

/** Whoever creates it closes it. */
export function createReader(options: ReaderOptions): Reader {
  return new KafkaReader(options);
}

class KafkaReader implements Reader, ReadKeeper {
  readonly leaders: Leaders;
  readonly #options: ReaderOptions;
  readonly #reads = new Map<string, Map<number, OpenRead>>();
  readonly #places = new Map<number, Place>();
  readonly #placeOf = new Map<OpenRead, Place>();
  #refresh: () => void;
  readonly #life = new AbortController();

  constructor(options: ReaderOptions) {
    this.#options = options;
    this.leaders = createLeaders(options);
    this.leaders.onTold((topics) => topics.forEach((topic) => this.#told(topic)));
    this.leaders.onSilent((topics, reason) => {
      for (const topic of topics)
        for (const read of this.#readsOf(topic))
          if (!this.#placeOf.has(read) && this.#lasts(read)) read.setTrouble(reason);
    });
    this.#refresh = this.#scheduleRefresh();
  }

  open(topic: string, partition: number, offset: number, sink: PartitionSink): PartitionRead {
    const partitions = this.#reads.get(topic) ?? new Map<number, OpenRead>();
    if (this.#life.signal.aborted) throw new Error("the reader is closed");
    if (partitions.has(partition)) throw new Error(`partition ${partition} of "${topic}" is read already`);
    const read = new OpenRead({ topic, partition, offset }, sink, this);
    this.#reads.set(topic, partitions.set(partition, read));
    this.#place(read);
    return read;
  }

  async close(): Promise<void> {
    this.#refresh();
    for (const topic of this.#reads.keys()) for (const read of this.#readsOf(topic)) read.close();
    const places = [...this.#places.values()];
    for (const { node, tail, backlog } of places) {
      tail.close();
      backlog.close();
      this.#options.wire.cut(node, "tail");
      this.#options.wire.cut(node, "backlog");
    }
    this.#life.abort(new PenstockError("stopping", "the reader is closed"));
    await Promise.all(places.flatMap(({ tail, backlog }) => [tail.ended, backlog.ended]));
    await this.leaders.close();
  }

  onReady(read: OpenRead): void {
    const place = this.#placeOf.get(read);
    if (place === undefined || read.phase !== "ready" || read.parked) return;
    const { tail, backlog } = place;
    if (read.lane === "backlog") {
      tail.leave(read);
      backlog.add(read);
    } else if (read.leaderOnlyUntilMs > 0) {
      backlog.add(read);
    } else {
      if (tail.keepsWaiting(read)) backlog.add(read);
      tail.add(read);
    }
  }

  onIdle(read: OpenRead): void {
    const place = this.#placeOf.get(read);
    place?.tail.remove(read);
    place?.backlog.remove(read);
  }

  onClosed(read: OpenRead): void {
    this.#displace(read);
    const partitions = this.#reads.get(read.topic);
    partitions?.delete(read.partition);
    if (partitions?.size !== 0) return;
    this.#reads.delete(read.topic);
    this.leaders.forget(read.topic);
  }

  heardAtMs(read: OpenRead): number | null {
    const unnamed = this.#placeOf.get(read)?.tail.heardAtMs(read) ?? null;
    if (unnamed === null || read.toldAtMs === null) return unnamed ?? read.toldAtMs;
    return Math.max(unnamed, read.toldAtMs);
  }

  #scheduleRefresh(): () => void {
    const { time } = this.#options;
    return time.after(REFRESH_MS * (0.8 + 0.2 * time.random()), () => {
      for (const topic of this.#reads.keys()) this.leaders.need(topic, 0);
      this.#refresh = this.#scheduleRefresh();
    });
  }

  #readsOf(topic: string): readonly OpenRead[] {
    return [...(this.#reads.get(topic)?.values() ?? [])];
  }

  /** Reads it from where it is to be read now. */
  #place(read: OpenRead): void {
    if (read.replica !== null && this.#options.time.monotonicMs() >= read.replica.untilMs)
      read.replica = null;
    const node = read.replica?.node ?? this.leaders.of(read.topic, read.partition);
    if (this.#placeOf.get(read)?.node === node) return;
    this.#displace(read);
    if (node === null) {
      this.#ask(read);
      return;
    }
    const place = this.#placeAt(node);
    place.reads.add(read);
    this.#placeOf.set(read, place);
    this.onReady(read);
  }

  #displace(read: OpenRead): void {
    const place = this.#placeOf.get(read);
    if (place === undefined) return;
    place.tail.leave(read);
    place.backlog.remove(read);
    place.reads.delete(read);
    this.#placeOf.delete(read);
    // What is being worked up stays good.
    if (read.phase === "ready") read.beginElsewhere();
  }

  #placeAt(node: number): Place {
    const known = this.#places.get(node);
    if (known !== undefined) return known;
    const { wire, rack, time } = this.#options;
    const place = createPlace({
      node,
      wire,
      rack,
      time,
      signal: this.#life.signal,
      take: (ask, fetched) => this.#take(node, ask, fetched),
      again: (read) => this.onReady(read),
      onFailed: (error) => this.#brokerFailed(node, error),
    });
    this.#places.set(node, place);
    return place;
  }

  #take(node: number, ask: ReadAsk, fetched: FetchedPartition): number {
    const { read } = ask;
    if (!read.expects(ask)) return 0;
    if (fetched.error !== null) {
      this.#refused(read, node, fetched.error);
      return 0;
    }
    const { time } = this.#options;
    const { preferredReadReplica: nearer } = fetched;
    if (nearer >= 0 && nearer !== node) {
      read.replica = { node: nearer, untilMs: time.monotonicMs() + REPLICA_MS };
      this.#place(read);
      return 0;
    }
    return read.take(fetched, time.now());
  }

  #refused(read: OpenRead, node: number, error: string): void {
    if (this.#backToLeader(read, node)) return;
    if (error === "UNKNOWN_TOPIC_OR_PARTITION" && this.#isGone(read)) return;
    if (error === "OFFSET_OUT_OF_RANGE") {
      read.phase = "lost";
      this.onIdle(read);
      read.sink.onOutOfRange(read.offset);
      return;
    }
    this.#displace(read);
    this.#ask(read);
    this.#complain(read, error);
  }

  /** One that nothing was heard of yet may be too new for this broker. @returns whether it was there */
  #isGone(read: OpenRead): boolean {
    if (read.toldAtMs === null) return false;
    read.phase = "lost";
    this.onIdle(read);
    read.sink.onGone();
    return true;
  }

  /** What another broker than the leader answers leads back to that (KIP-392). @returns false: it was the leader */
  #backToLeader(read: OpenRead, node: number): boolean {
    if (read.replica?.node !== node) return false;
    read.replica = null;
    read.leaderOnlyUntilMs = this.#options.time.monotonicMs() + LEADER_ONLY_MS;
    this.#place(read);
    return true;
  }

  #complain(read: OpenRead, type: string): void {
    const mayPass = isMoving(type) || type === "UNKNOWN_TOPIC_OR_PARTITION";
    if (!mayPass || this.#lasts(read)) read.setTrouble(partitionWords(type), type);
  }

  #lasts({ failingSinceMs }: OpenRead): boolean {
    return this.#options.time.monotonicMs() - failingSinceMs >= PASSING_MS;
  }

  /** Has its leader asked for, later each time. */
  #ask(read: OpenRead): void {
    if (read.failures === 0) read.failingSinceMs = this.#options.time.monotonicMs();
    read.failures += 1;
    const inMs =
      read.failures === 1 ? 0 : backoffMs(REFUSED_BACKOFF, read.failures - 1, this.#options.time.random());
    this.leaders.need(read.topic, inMs);
  }

  #told({ topic, error, leaders }: TopicLeaders): void {
    for (const read of this.#readsOf(topic)) {
      const leader = leaders.get(read.partition);
      if (error === null && leader !== undefined && leader >= 0) {
        this.#place(read);
        continue;
      }
      // As long as its broker goes on answering, there is nothing wrong.
      if (this.#placeOf.has(read)) continue;
      if (leader === undefined && error === "UNKNOWN_TOPIC_OR_PARTITION" && this.#isGone(read)) continue;
      this.#ask(read);
      const missing = leader === undefined ? "UNKNOWN_TOPIC_OR_PARTITION" : "LEADER_NOT_AVAILABLE";
      this.#complain(read, error ?? missing);
    }
  }

  /** Whatever it leads may be led by another by now. */
  #brokerFailed(node: number, error: unknown): void {
    const place = this.#places.get(node);
    if (place === undefined || place.reads.size === 0) return;
    const reason = messageOf(error);
    if (error instanceof PenstockError) {
      this.#options.logger.debug("a fetch was not answered", { broker: node, error: reason });
    } else {
      this.#options.logger.error("a fetch failed", { broker: node, error: reason });
    }
    for (const read of place.reads) {
      if (this.#backToLeader(read, node)) continue;
      this.#ask(read);
      if (this.#lasts(read)) read.setTrouble(reason);
    }
  }
}
