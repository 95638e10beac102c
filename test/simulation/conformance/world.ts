import type {
  CallOptions,
  FetchAnswer,
  FetchedPartition,
  FetchRequest,
  KafkaCalls,
  KafkaWire,
  RecordsBlob,
} from "../../../lib/adapters/kafka/protocol/wire.ts";

/** A Kafka cluster, simulated or real, to check a rule against. Every rule has its own topics and groups. */
export interface ConformanceWorld {
  /** A client with its own connections. */
  openWire(): KafkaWire;
  /** One broker leads all its partitions. @returns its name, and that broker */
  createTopic(partitions: number): Promise<{ readonly topic: string; readonly leader: number }>;
  deleteTopic(topic: string): Promise<void>;
  /** Each as its own record batch of about this size. */
  produce(topic: string, partition: number, batches: number, bytes?: number): Promise<void>;
  beginTransaction(): Promise<ConformanceTransaction>;
  /** Deletes everything before that offset. */
  expire(topic: string, partition: number, before: number): Promise<void>;
  /** A name that no other group uses. */
  groupId(): string;
  /** `group.initial.rebalance.delay.ms` */
  readonly initialRebalanceDelayMs: number;
  sleep(ms: number): Promise<void>;
  monotonicMs(): number;
  /** How much later than it should an answer may come: a real broker shares its machine with other tests. */
  readonly lateMs: number;
  /** First and last offset of the record batches, in order. */
  batchesIn(records: RecordsBlob): readonly { readonly first: number; readonly last: number }[];
}

/** One of three brokers, each with a replica of every partition. */
export interface ConformanceCluster extends ConformanceWorld {
  readonly nodeIds: readonly number[];
  /** Immediately, without notice. */
  kill(nodeId: number): Promise<void>;
  /** Starts the dead brokers, and waits until everything is replicated. */
  heal(): Promise<void>;
  /** From now on, only that broker has the partition. */
  reassign(topic: string, partition: number, to: number): Promise<void>;
}

export interface ConformanceTransaction {
  produce(topic: string, partition: number): Promise<void>;
  end(how: "commit" | "abort"): Promise<void>;
}

/** A rule, checked against one broker, or against three. */
export type Rule = (world: ConformanceWorld) => Promise<void>;
export type ClusterRule = (cluster: ConformanceCluster) => Promise<void>;

export const QUESTION: CallOptions = { lane: "questions", timeoutMs: 10_000 };
const JOIN: CallOptions = { lane: "group", timeoutMs: 10_000 };

/** Errors of a broker that does not coordinate the group, or not yet. */
export const NOT_YET: ReadonlySet<string> = new Set([
  "NOT_COORDINATOR_FOR_GROUP",
  "GROUP_COORDINATOR_NOT_AVAILABLE",
  "GROUP_LOAD_IN_PROGRESS",
]);

/** One member, driven by the test. */
export interface HandMember {
  readonly groupId: string;
  readonly memberId: string;
  readonly wire: KafkaWire;
  generation: number;
  /** The group's coordinator, as last found. */
  readonly to: number;
  /** Asks for the group's coordinator again. */
  seek(): Promise<number>;
  /** @param metadata sent to the group; by default, the same as before */
  join(metadata?: string): Promise<KafkaCalls["JoinGroup"]["answer"]>;
  /** @param assignments by member, from the leader */
  sync(assignments?: ReadonlyMap<string, string>): Promise<KafkaCalls["SyncGroup"]["answer"]>;
  heartbeat(generation?: number): Promise<string | null>;
  commit(topic: string, offset: number, generation?: number): Promise<string | null>;
  leave(): Promise<string | null>;
}

export interface HandOptions {
  readonly sessionTimeoutMs?: number;
  readonly rebalanceTimeoutMs?: number;
  readonly protocol?: string;
}

/** The group's coordinator; a fresh cluster creates its offsets topic at the first request. */
export async function coordinatorOf(
  world: ConformanceWorld,
  wire: KafkaWire,
  groupId: string,
): Promise<number> {
  for (;;) {
    const { error, nodeId } = await wire.call(null, "FindCoordinator", { groupId }, QUESTION);
    if (error === null) return nodeId;
    await world.sleep(100);
  }
}

/** Gets its id, but does not join yet. */
export async function newMember(
  world: ConformanceWorld,
  groupId: string,
  { sessionTimeoutMs = 6_000, rebalanceTimeoutMs = 6_000, protocol = "penstock" }: HandOptions = {},
): Promise<HandMember> {
  const wire = world.openWire();
  let to = await coordinatorOf(world, wire, groupId);
  let metadata = "m";
  const join = async (memberId: string): Promise<KafkaCalls["JoinGroup"]["answer"]> =>
    wire.call(
      to,
      "JoinGroup",
      {
        groupId,
        sessionTimeoutMs,
        rebalanceTimeoutMs,
        memberId,
        protocolType: "consumer",
        protocols: [{ name: protocol, metadata: subscription(metadata) }],
      },
      JOIN,
    );
  let first = await join("");
  // A fresh cluster's coordinator has to start.
  for (; first.error !== null && NOT_YET.has(first.error); first = await join("")) {
    await world.sleep(100);
    to = await coordinatorOf(world, wire, groupId);
  }
  if (first.error !== "MEMBER_ID_REQUIRED") throw new Error(`a new member is answered ${first.error}`);
  const { memberId } = first;
  const member: HandMember = {
    groupId,
    memberId,
    wire,
    generation: -1,
    get to() {
      return to;
    },
    async seek() {
      to = await coordinatorOf(world, wire, groupId);
      return to;
    },
    async join(told = metadata) {
      metadata = told;
      const answer = await join(memberId);
      if (answer.error === null) member.generation = answer.generation;
      return answer;
    },
    sync: (assignments = new Map()) =>
      wire.call(
        to,
        "SyncGroup",
        {
          groupId,
          memberId,
          generation: member.generation,
          assignments: [...assignments].map(([id, assignment]) => ({
            memberId: id,
            assignment: Buffer.from(assignment),
          })),
        },
        JOIN,
      ),
    async heartbeat(generation = member.generation) {
      return (await wire.call(to, "Heartbeat", { groupId, memberId, generation }, QUESTION)).error;
    },
    async commit(topic, offset, generation = member.generation) {
      const topics = [{ topic, partitions: [{ partition: 0, offset, metadata: null }] }];
      const answer = await wire.call(to, "OffsetCommit", { groupId, memberId, generation, topics }, QUESTION);
      return answer.topics[0]?.partitions[0]?.error ?? null;
    },
    async leave() {
      return (await wire.call(to, "LeaveGroup", { groupId, memberId }, QUESTION)).error;
    },
  };
  return member;
}

/** A `tail` fetch from a broker, by default without waiting. */
export async function fetchFrom(
  wire: KafkaWire,
  leader: number,
  request: Partial<FetchRequest>,
): Promise<FetchAnswer> {
  return wire.call(
    leader,
    "Fetch",
    {
      maxWaitMs: 0,
      minBytes: 1,
      maxBytes: 1_000_000,
      sessionId: 0,
      sessionEpoch: -1,
      rack: "",
      topics: [],
      forgotten: [],
      ...request,
    },
    { lane: "tail", timeoutMs: 10_000 },
  );
}

/** To be asked for. */
export function wanted(topic: string, offsets: Readonly<Record<number, number>>, maxBytes = 1_000_000) {
  return [
    {
      topic,
      partitions: Object.entries(offsets).map(([partition, fetchOffset]) => ({
        partition: Number(partition),
        fetchOffset,
        maxBytes,
      })),
    },
  ];
}

/** An answer's contents, by partition. */
export function told({ topics }: FetchAnswer): ReadonlyMap<number, FetchedPartition> {
  return new Map(topics.flatMap(({ partitions }) => partitions.map((one) => [one.partition, one] as const)));
}

/** Of a consumer: version 0, no topics, and that as the assignor's own. Kafka's coordinator reads it. */
export function subscription(own: string): Buffer {
  const head = Buffer.alloc(10);
  head.writeInt32BE(own.length, 6);
  return Buffer.concat([head, Buffer.from(own)]);
}
