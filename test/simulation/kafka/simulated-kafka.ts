import type { SeededRandom } from "../../../infra/bench/kit/random.ts";
import type { KafkaApi, KafkaCalls, KafkaWire, Lane } from "../../../lib/adapters/kafka/protocol/wire.ts";
import type { Time } from "../../../lib/rules/base/time.ts";
import type { Controller } from "./controller.ts";
import type { Network } from "./network.ts";
import type { SimulatedTopics } from "./topics.ts";

/** One request as a broker answered it, before the answer is sent. */
export type ServedCall = {
  readonly [A in KafkaApi]: {
    readonly client: string;
    readonly nodeId: number;
    readonly lane: Lane;
    readonly api: A;
    readonly request: KafkaCalls[A]["request"];
    readonly answer: KafkaCalls[A]["answer"];
  };
}[KafkaApi];

/** A request that reached a broker. */
export interface ControlledCall<A extends KafkaApi> {
  readonly client: string;
  readonly nodeId: number;
  readonly api: A;
  readonly request: KafkaCalls[A]["request"];
}

/** Answers in the broker's place, which then never sees the request; undefined leaves it to the broker. */
export type ControlCall = <A extends KafkaApi>(
  call: ControlledCall<A>,
) => KafkaCalls[A]["answer"] | undefined;

export interface SimulatedKafkaOptions {
  readonly time: Time;
  readonly random: SeededRandom;
  readonly brokers?: number;
  /** Each broker is in its own rack, from `rack-0` on; consumers are sent to their rack's broker. */
  readonly rackAware?: boolean;
  readonly offsetsPartitions?: number;
  /** `group.initial.rebalance.delay.ms`: 3000 by default, as Kafka's. */
  readonly initialRebalanceDelayMs?: number;
  /** `max.incremental.fetch.session.cache.slots` */
  readonly fetchSessionSlots?: number;
  /** The size limit of one record of `__consumer_offsets`. */
  readonly maxGroupRecordBytes?: number;
  readonly note?: (actor: string, what: string | (() => string)) => void;
  /** Every answer of every broker. */
  readonly observe?: (call: ServedCall) => void;
}

/** A Kafka cluster in virtual time. The seed and the calls to it decide everything. */
export interface SimulatedKafka extends SimulatedTopics {
  readonly nodeIds: readonly number[];
  readonly controller: Controller;
  readonly network: Network;
  /** For one client. Each has its own connections. */
  openWire(client: string): KafkaWire;
  /** The client's process ends, with its connections. */
  disconnect(client: string): void;
  /** Null: brokers answer all requests. */
  control: ControlCall | null;
  /** One answer in this many is lost and its connection breaks, though the request was served; 0 for none. */
  loseAnswerOneIn: number;
  /** Breaks connections, even mid-message. @param client null for all @param nodeId null for all brokers */
  breakConnections(client: string | null, nodeId: number | null): void;
  /** The process ends at once; after a while the controller notices. */
  kill(nodeId: number): void;
  /** Hands over its partitions, and stops. */
  stop(nodeId: number): void;
  /** After a while it rejoins the cluster. */
  start(nodeId: number): void;
  /** Freezes it for this long. */
  freeze(nodeId: number, forMs: number): void;
  isUp(nodeId: number): boolean;
  /** Other consumers take its fetch session slots. */
  evictFetchSessions(nodeId: number): void;
  moveCoordinator(groupId: string, to: number): boolean;
  /** The group's coordinator according to the controller; -1 if none. */
  coordinatorOf(groupId: string): number;
  /** The coordinator's view; null if there is none at the moment. */
  group(
    groupId: string,
  ): { readonly state: string; readonly generation: number; readonly members: readonly string[] } | null;
  /** The committed offset in the log. */
  committed(
    groupId: string,
    topic: string,
    partition: number,
  ): { readonly offset: number; readonly metadata: string | null } | null;
  /** Starts every broker and restores every connection. */
  heal(): void;
}
