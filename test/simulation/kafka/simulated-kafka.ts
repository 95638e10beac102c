import type { SeededRandom } from "../../../infra/bench/kit/random.ts";
import type { KafkaApi, KafkaCalls, KafkaWire, Lane } from "../../../lib/adapters/kafka/protocol/wire.ts";
import type { Time } from "../../../lib/rules/base/time.ts";
import type { Controller } from "./controller.ts";
import type { Network } from "./network.ts";
import type { SimulatedTopics } from "./topics.ts";

/** One request as a broker answered it, before the answer is on its way. */
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

/** A request that came to a broker. */
export interface ControlledCall<A extends KafkaApi> {
  readonly client: string;
  readonly nodeId: number;
  readonly api: A;
  readonly request: KafkaCalls[A]["request"];
}

/** Answers in the broker's place, which never sees the request then; undefined: it is the broker's. */
export type ControlCall = <A extends KafkaApi>(
  call: ControlledCall<A>,
) => KafkaCalls[A]["answer"] | undefined;

export interface SimulatedKafkaOptions {
  readonly time: Time;
  readonly random: SeededRandom;
  readonly brokers?: number;
  /** Each broker is in a rack of its own, `rack-0` and on; consumers are told to read in theirs. */
  readonly rackAware?: boolean;
  readonly offsetsPartitions?: number;
  /** `group.initial.rebalance.delay.ms`: 3000 by default, as Kafka's. */
  readonly initialRebalanceDelayMs?: number;
  /** `max.incremental.fetch.session.cache.slots` */
  readonly fetchSessionSlots?: number;
  /** What one record of `__consumer_offsets` may hold. */
  readonly maxGroupRecordBytes?: number;
  readonly note?: (actor: string, what: string | (() => string)) => void;
  /** Every answer of every broker. */
  readonly observe?: (call: ServedCall) => void;
}

/** A Kafka cluster in virtual time. All that happens in it comes from the seed and from whoever calls these. */
export interface SimulatedKafka extends SimulatedTopics {
  readonly nodeIds: readonly number[];
  readonly controller: Controller;
  readonly network: Network;
  /** For one client. Each has its own connections. */
  openWire(client: string): KafkaWire;
  /** The client's process is gone, and its connections with it. */
  disconnect(client: string): void;
  /** Null: they are the brokers' to answer. */
  control: ControlCall | null;
  /** One answer in so many is not sent: the connection breaks, though the request was served; 0: none. */
  loseAnswerOneIn: number;
  /** Connections break, in the midst of what they carry. @param client null: everybody's @param nodeId null: to all brokers */
  breakConnections(client: string | null, nodeId: number | null): void;
  /** The process is gone at once; after a while the controller notices. */
  kill(nodeId: number): void;
  /** It hands over what it leads, and stops. */
  stop(nodeId: number): void;
  /** After a while it is part of the cluster again. */
  start(nodeId: number): void;
  /** It does nothing for so long. */
  freeze(nodeId: number, forMs: number): void;
  isUp(nodeId: number): boolean;
  /** Other consumers take its fetch sessions' slots. */
  evictFetchSessions(nodeId: number): void;
  moveCoordinator(groupId: string, to: number): boolean;
  /** The broker that coordinates it by the controller; -1: none. */
  coordinatorOf(groupId: string): number;
  /** As its coordinator has it; null: nobody does at the moment. */
  group(
    groupId: string,
  ): { readonly state: string; readonly generation: number; readonly members: readonly string[] } | null;
  /** What is committed, as it stands in the log. */
  committed(
    groupId: string,
    topic: string,
    partition: number,
  ): { readonly offset: number; readonly metadata: string | null } | null;
  /** Every broker runs and every way is open again. */
  heal(): void;
}
