import { backoffMs, type BackoffRule } from "../../../rules/base/backoff.ts";
import { messageOf, PenstockError } from "../../../rules/base/errors.ts";
import { isMoving, partitionWords } from "../../../rules/trouble/kafka-words.ts";
import type { Logger } from "../../../rules/base/logger.ts";
import type { Time } from "../../../rules/base/time.ts";
import type { FetchedPartition, KafkaWire } from "../protocol/wire.ts";
import { createLeaders, type Leaders, type TopicLeaders } from "./leaders.ts";
import { OpenRead, type ReadAsk, type ReadOwner } from "./open-read.ts";
import { createBrokerLanes, type BrokerLanes } from "./broker-lanes.ts";
import type { PartitionRead, PartitionSink } from "./sink.ts";

export type { FetchedPart, PartitionPosition, PartitionRead, PartitionSink } from "./sink.ts";

export interface ReaderOptions {
  readonly wire: KafkaWire;
  /** `kafka.rack`, or empty. */
  readonly rack: string;
  readonly time: Time;
  readonly logger: Logger;
}

/** Reads any number of partitions, with at most two connections per broker. */
export interface Reader {
  /** The first fetch does not wait for a running long poll. @throws Error if the partition is already being read */
  open(topic: string, partition: number, offset: number, sink: PartitionSink): PartitionRead;
  /** The partitions' leaders, shared with others that send requests to leaders. Closed with the reader. */
  readonly leaders: Leaders;
  close(): Promise<void>;
}

/** Leaders are refreshed this often without failures, to notice a moved leader or a nearer replica. */
const REFRESH_MS = 5 * 60_000;
/** KIP-392 uses the maximum age of the client's metadata, which is the same. */
const REPLICA_MS = REFRESH_MS;
/** How long a partition is read from its leader after the nearer replica failed. */
const LEADER_ONLY_MS = 30_000;
/** Shorter troubles are not reported: leaders move, brokers restart, new topics are not known everywhere at once. */
const PASSING_MS = 2_000;
/** For one partition, from the second failure in a row: the first one usually means that its leader just moved. */
const REFUSED_BACKOFF: BackoffRule = { initialMs: 100, maxMs: 2_000 };

export function createReader(options: ReaderOptions): Reader {
  return new KafkaReader(options);
}

/**
 * Assigns each partition to a broker and there to a lane. A partition's phase decides what happens next:
 *
 * - `ready`: fetched at `offset`, in the backlog lane if new or lagging, in the tail lane if near its end. While it
 *   moves from one lane to the other, both may fetch it; the first answer counts. Not fetched while parked (no room) or
 *   without a leader.
 * - `working`: the sink has records. In no lane until the sink calls `next` or `seek`.
 * - `lost`: the offset is out of range or the partition is gone. Waits for `seek` or `close`.
 * - `closed`: final.
 *
 * Invariant: an answer counts only if the partition is `ready` and still has the request's token and offset; every
 * seek, close and change of broker changes the token. So no offset is skipped or delivered twice.
 */
class KafkaReader implements Reader, ReadOwner {
  readonly leaders: Leaders;
  readonly #options: ReaderOptions;
  readonly #reads = new Map<string, Map<number, OpenRead>>();
  readonly #brokers = new Map<number, BrokerLanes>();
  readonly #brokerOf = new Map<OpenRead, BrokerLanes>();
  #refresh: () => void;
  readonly #life = new AbortController();

  constructor(options: ReaderOptions) {
    this.#options = options;
    this.leaders = createLeaders(options);
    this.leaders.onAnswer((topics) => topics.forEach((topic) => this.#onLeaders(topic)));
    this.leaders.onFailure((topics, reason) => {
      for (const topic of topics)
        for (const read of this.#readsOf(topic))
          if (!this.#brokerOf.has(read) && this.#lasts(read)) read.setTrouble(reason);
    });
    this.#refresh = this.#scheduleRefresh();
  }

  open(topic: string, partition: number, offset: number, sink: PartitionSink): PartitionRead {
    const partitions = this.#reads.get(topic) ?? new Map<number, OpenRead>();
    if (this.#life.signal.aborted) throw new Error("the reader is closed");
    if (partitions.has(partition)) throw new Error(`partition ${partition} of "${topic}" is already read`);
    const read = new OpenRead({ topic, partition, offset }, sink, this);
    this.#reads.set(topic, partitions.set(partition, read));
    this.#assign(read);
    return read;
  }

  async close(): Promise<void> {
    this.#refresh();
    for (const topic of this.#reads.keys()) for (const read of this.#readsOf(topic)) read.close();
    const brokers = [...this.#brokers.values()];
    for (const { node, tail, backlog } of brokers) {
      tail.close();
      backlog.close();
      this.#options.wire.cut(node, "tail");
      this.#options.wire.cut(node, "backlog");
    }
    this.#life.abort(new PenstockError("stopping", "the reader is closed"));
    await Promise.all(brokers.flatMap(({ tail, backlog }) => [tail.ended, backlog.ended]));
    await this.leaders.close();
  }

  onReady(read: OpenRead): void {
    const broker = this.#brokerOf.get(read);
    if (broker === undefined || read.phase !== "ready" || read.parked) return;
    const { tail, backlog } = broker;
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
    const broker = this.#brokerOf.get(read);
    broker?.tail.remove(read);
    broker?.backlog.remove(read);
  }

  onClosed(read: OpenRead): void {
    this.#unassign(read);
    const partitions = this.#reads.get(read.topic);
    partitions?.delete(read.partition);
    if (partitions?.size !== 0) return;
    this.#reads.delete(read.topic);
    this.leaders.forget(read.topic);
  }

  heardAtMs(read: OpenRead): number | null {
    const unnamed = this.#brokerOf.get(read)?.tail.heardAtMs(read) ?? null;
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

  /** Moves it to the broker it should be read from. */
  #assign(read: OpenRead): void {
    if (read.replica !== null && this.#options.time.monotonicMs() >= read.replica.untilMs)
      read.replica = null;
    const node = read.replica?.node ?? this.leaders.of(read.topic, read.partition);
    if (this.#brokerOf.get(read)?.node === node) return;
    this.#unassign(read);
    if (node === null) {
      this.#ask(read);
      return;
    }
    const broker = this.#brokerAt(node);
    broker.reads.add(read);
    this.#brokerOf.set(read, broker);
    this.onReady(read);
  }

  #unassign(read: OpenRead): void {
    const broker = this.#brokerOf.get(read);
    if (broker === undefined) return;
    broker.tail.leave(read);
    broker.backlog.remove(read);
    broker.reads.delete(read);
    this.#brokerOf.delete(read);
    // Records that are being processed stay valid.
    if (read.phase === "ready") read.beginElsewhere();
  }

  #brokerAt(node: number): BrokerLanes {
    const known = this.#brokers.get(node);
    if (known !== undefined) return known;
    const { wire, rack, time } = this.#options;
    const broker = createBrokerLanes({
      node,
      wire,
      rack,
      time,
      signal: this.#life.signal,
      take: (ask, fetched) => this.#take(node, ask, fetched),
      again: (read) => this.onReady(read),
      onFailed: (error) => this.#brokerFailed(node, error),
    });
    this.#brokers.set(node, broker);
    return broker;
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
      this.#assign(read);
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
    this.#unassign(read);
    this.#ask(read);
    this.#complain(read, error);
  }

  /** Ends a partition that disappeared. @returns false if it was never seen: it may be too new for this broker */
  #isGone(read: OpenRead): boolean {
    if (read.toldAtMs === null) return false;
    read.phase = "lost";
    this.onIdle(read);
    read.sink.onGone();
    return true;
  }

  /** After a follower's error, reads from the leader again (KIP-392). @returns false if it was the leader */
  #backToLeader(read: OpenRead, node: number): boolean {
    if (read.replica?.node !== node) return false;
    read.replica = null;
    read.leaderOnlyUntilMs = this.#options.time.monotonicMs() + LEADER_ONLY_MS;
    this.#assign(read);
    return true;
  }

  #complain(read: OpenRead, type: string): void {
    const mayPass = isMoving(type) || type === "UNKNOWN_TOPIC_OR_PARTITION";
    if (!mayPass || this.#lasts(read)) read.setTrouble(partitionWords(type), type);
  }

  #lasts({ failingSinceMs }: OpenRead): boolean {
    return this.#options.time.monotonicMs() - failingSinceMs >= PASSING_MS;
  }

  /** Requests its leader, with a growing delay. */
  #ask(read: OpenRead): void {
    if (read.failures === 0) read.failingSinceMs = this.#options.time.monotonicMs();
    read.failures += 1;
    const inMs =
      read.failures === 1 ? 0 : backoffMs(REFUSED_BACKOFF, read.failures - 1, this.#options.time.random());
    this.leaders.need(read.topic, inMs);
  }

  #onLeaders({ topic, error, leaders }: TopicLeaders): void {
    for (const read of this.#readsOf(topic)) {
      const leader = leaders.get(read.partition);
      if (error === null && leader !== undefined && leader >= 0) {
        this.#assign(read);
        continue;
      }
      // Not a problem while its current broker still answers.
      if (this.#brokerOf.has(read)) continue;
      if (leader === undefined && error === "UNKNOWN_TOPIC_OR_PARTITION" && this.#isGone(read)) continue;
      this.#ask(read);
      const missing = leader === undefined ? "UNKNOWN_TOPIC_OR_PARTITION" : "LEADER_NOT_AVAILABLE";
      this.#complain(read, error ?? missing);
    }
  }

  /** Looks up the leaders of all its partitions, which may have moved. */
  #brokerFailed(node: number, error: unknown): void {
    const broker = this.#brokers.get(node);
    if (broker === undefined || broker.reads.size === 0) return;
    const reason = messageOf(error);
    if (error instanceof PenstockError) {
      this.#options.logger.debug("a fetch was not answered", { broker: node, error: reason });
    } else {
      this.#options.logger.error("a fetch failed", { broker: node, error: reason });
    }
    for (const read of broker.reads) {
      if (this.#backToLeader(read, node)) continue;
      this.#ask(read);
      if (this.#lasts(read)) read.setTrouble(reason);
    }
  }
}
