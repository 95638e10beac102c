import type { GroupMember } from "../../../rules/group/strangers.ts";

/**
 * The port at which a request to a Kafka broker becomes its answer. Kafka's names and fields, as in its protocol's schema
 * files; numbers where an int64 stays below 2^53. What a broker refuses is a value in the answer; what never got one is thrown.
 */
export interface KafkaWire {
  /**
   * @param to the broker's node id; null: any that answers (Metadata, FindCoordinator)
   * @throws PenstockError `kafka_unavailable` (no connection, no answer in time), `kafka_refused` (TLS or the login), or the
   *   signal's reason: the answer, if one comes, is thrown away then
   */
  call<A extends KafkaApi>(
    to: number | null,
    api: A,
    request: KafkaCalls[A]["request"],
    how: CallOptions,
  ): Promise<KafkaCalls[A]["answer"]>;
  /** Ends what is under way on that lane at once, with its connection. The next call opens another. */
  cut(to: number, lane: Lane): void;
  /** Whether that broker and this client both know the API at this version. Resolves once it is connected. @throws as `call` */
  knows(to: number, api: KafkaApi, version: number): Promise<boolean>;
  /** Ends all that is under way, and closes every connection. */
  close(): Promise<void>;
}

/**
 * A broker serves one request of a connection at a time: what waits there holds up whatever comes behind it. So there is one
 * connection a broker for each of these, opened with the first call, and no more of a host, whatever it asks (see WireLender):
 *
 * - `tail`: the long poll for all partitions near their end that the broker leads.
 * - `backlog`: fetches of what is far behind: answered at once, and large. Closed once there was none for a minute.
 * - `group`: joining, and the assignment, wait for the other members. Only to the broker that coordinates the group.
 * - `questions`: all that is answered at once: heartbeats, commits, who leads, where logs stand, which topics there are and how
 *   they keep their records.
 *
 * Beside them stands what writes dead letters: kafkajs' producer, from the first letter on.
 */
export type Lane = "tail" | "backlog" | "group" | "questions";

export interface CallOptions {
  readonly lane: Lane;
  /** Beyond the time that the broker itself may take by the request (a long poll, a rebalance). */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

/** Kafka's name of an error code in the spelling of kafkajs, such as `NOT_LEADER_FOR_PARTITION`; null: none. */
export type KafkaError = string | null;

export type KafkaApi = keyof KafkaCalls;

/** What was fetched, not decoded yet: whoever simulates a broker needs no bytes. */
export interface RecordsBlob {
  readonly byteLength: number;
}

export interface OfTopic<P> {
  readonly topic: string;
  readonly partitions: readonly P[];
}

export interface MetadataAnswer {
  /** What tells of all topics, as it came, for who asks again; absent: of some, or never encoded. */
  readonly bytes?: Buffer;
  readonly brokers: readonly {
    readonly nodeId: number;
    readonly host: string;
    readonly port: number;
    readonly rack: string | null;
  }[];
  readonly topics: readonly {
    readonly topic: string;
    readonly error: KafkaError;
    readonly partitions: readonly {
      readonly partition: number;
      readonly error: KafkaError;
      /** -1: there is none at the moment. */
      readonly leader: number;
    }[];
  }[];
}

export interface AbortedTransaction {
  readonly producerId: number;
  readonly firstOffset: number;
}

export interface FetchRequest {
  readonly maxWaitMs: number;
  readonly minBytes: number;
  readonly maxBytes: number;
  /** 0: none, or a new one. */
  readonly sessionId: number;
  /** 0: a new session; -1: without one. KIP-227. */
  readonly sessionEpoch: number;
  /** Of the client, for reading from the nearest replica (KIP-392); empty: none. */
  readonly rack: string;
  /** In a session that stands: those that are new or ask for something else than before. */
  readonly topics: readonly OfTopic<{
    readonly partition: number;
    readonly fetchOffset: number;
    readonly maxBytes: number;
  }>[];
  /** To leave the session. */
  readonly forgotten: readonly OfTopic<number>[];
}

export interface FetchedPartition {
  readonly partition: number;
  readonly error: KafkaError;
  /** -1 where there is an error. */
  readonly highWatermark: number;
  readonly lastStableOffset: number;
  readonly logStart: number;
  readonly aborted: readonly AbortedTransaction[];
  /** The broker to read from instead; -1: this one. */
  readonly preferredReadReplica: number;
  /** Null: there are none. The first batch may begin before what was asked for. */
  readonly records: RecordsBlob | null;
}

export interface FetchAnswer {
  readonly error: KafkaError;
  /** 0: none. */
  readonly sessionId: number;
  readonly topics: readonly OfTopic<FetchedPartition>[];
}

export interface KafkaCalls {
  readonly Metadata: {
    readonly request: {
      /** Null: all. Never creates one. */
      readonly topics: readonly string[] | null;
      /** Of all, what was answered before: the same again is not decoded, its topics are that answer's. */
      readonly known?: MetadataAnswer | null;
    };
    readonly answer: MetadataAnswer;
  };
  readonly FindCoordinator: {
    readonly request: { readonly groupId: string };
    readonly answer: { readonly error: KafkaError; readonly nodeId: number };
  };
  readonly JoinGroup: {
    readonly request: {
      readonly groupId: string;
      readonly sessionTimeoutMs: number;
      readonly rebalanceTimeoutMs: number;
      /** Empty: a new member. */
      readonly memberId: string;
      readonly protocolType: "consumer";
      readonly protocols: readonly { readonly name: string; readonly metadata: Uint8Array }[];
    };
    readonly answer: {
      /** `MEMBER_ID_REQUIRED`: to be asked again with the id that it names. */
      readonly error: KafkaError;
      readonly generation: number;
      readonly protocol: string;
      readonly leader: string;
      readonly memberId: string;
      /** Told to the leader only. */
      readonly members: readonly { readonly memberId: string; readonly metadata: Uint8Array }[];
    };
  };
  readonly SyncGroup: {
    readonly request: GroupToken & {
      /** From the leader only. */
      readonly assignments: readonly { readonly memberId: string; readonly assignment: Uint8Array }[];
    };
    readonly answer: { readonly error: KafkaError; readonly assignment: Uint8Array };
  };
  readonly Heartbeat: {
    readonly request: GroupToken;
    readonly answer: { readonly error: KafkaError };
  };
  readonly LeaveGroup: {
    readonly request: { readonly groupId: string; readonly memberId: string };
    readonly answer: { readonly error: KafkaError };
  };
  readonly OffsetCommit: {
    readonly request: GroupToken & {
      readonly topics: readonly OfTopic<{
        readonly partition: number;
        readonly offset: number;
        readonly metadata: string | null;
      }>[];
    };
    readonly answer: {
      readonly topics: readonly OfTopic<{ readonly partition: number; readonly error: KafkaError }>[];
    };
  };
  readonly OffsetFetch: {
    readonly request: { readonly groupId: string; readonly topics: readonly OfTopic<number>[] };
    readonly answer: {
      readonly error: KafkaError;
      readonly topics: readonly OfTopic<{
        readonly partition: number;
        readonly error: KafkaError;
        /** -1: nothing is committed. */
        readonly offset: number;
        readonly metadata: string | null;
      }>[];
    };
  };
  readonly ListOffsets: {
    readonly request: {
      /** `latest` is the high watermark, `stable` where the first open transaction begins, or the high watermark too. */
      readonly at: "earliest" | "latest" | "stable";
      readonly topics: readonly OfTopic<number>[];
    };
    readonly answer: {
      readonly topics: readonly OfTopic<{
        readonly partition: number;
        readonly error: KafkaError;
        readonly offset: number;
      }>[];
    };
  };
  readonly Fetch: { readonly request: FetchRequest; readonly answer: FetchAnswer };
  readonly DescribeGroups: {
    /** Of its coordinator. */
    readonly request: { readonly groups: readonly string[] };
    readonly answer: {
      readonly groups: readonly {
        readonly error: KafkaError;
        readonly groupId: string;
        /** `Empty`, `Stable`, `Dead` where there is none, … */
        readonly state: string;
        readonly protocolType: string;
        readonly members: readonly GroupMember[];
      }[];
    };
  };
  /** Those that one broker coordinates, and this user may describe. */
  readonly ListGroups: {
    readonly request: object;
    readonly answer: {
      readonly error: KafkaError;
      readonly groups: readonly { readonly groupId: string; readonly protocolType: string }[];
    };
  };
  readonly DescribeConfigs: {
    readonly request: { readonly topics: readonly string[]; readonly names: readonly string[] };
    readonly answer: {
      readonly topics: readonly {
        readonly topic: string;
        readonly error: KafkaError;
        readonly values: readonly { readonly name: string; readonly value: string | null }[];
      }[];
    };
  };
}

export interface GroupToken {
  readonly groupId: string;
  readonly generation: number;
  readonly memberId: string;
}
