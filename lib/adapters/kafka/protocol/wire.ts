import type { GroupMember } from "../../../rules/group/strangers.ts";

/**
 * Sends requests to Kafka brokers. Names and fields are those of Kafka's protocol schemas; an int64 is a number if it
 * stays below 2^53. A broker's error is a value in the answer; a request without an answer throws.
 */
export interface KafkaWire {
  /**
   * @param to the broker's node id; null for any broker (Metadata, FindCoordinator)
   * @throws PenstockError `kafka_unavailable` (no connection, no answer in time), `kafka_refused` (TLS or login), or
   *   the signal's reason, in which case a late answer is discarded
   */
  call<A extends KafkaApi>(
    to: number | null,
    api: A,
    request: KafkaCalls[A]["request"],
    how: CallOptions,
  ): Promise<KafkaCalls[A]["answer"]>;
  /** Closes the lane's connection at once and fails its pending calls. The next call opens a new one. */
  cut(to: number, lane: Lane): void;
  /** Connects and returns whether that broker and this client both support the API's version. @throws as `call` */
  knows(to: number, api: KafkaApi, version: number): Promise<boolean>;
  /** Fails all pending calls and closes every connection. */
  close(): Promise<void>;
}

/**
 * A kind of traffic. A broker serves one request of a connection at a time, so a waiting request blocks all behind it.
 * A host therefore has one connection per broker and lane (see WireLender), opened with the first call:
 *
 * - `tail`: the long poll for all partitions near their end that the broker leads.
 * - `backlog`: fetches of lagging partitions: large and answered at once. Closed after a minute without one.
 * - `group`: JoinGroup and SyncGroup, which wait for other members. Only to the group's coordinator.
 * - `questions`: everything answered at once: heartbeats, commits, metadata, log ends, topic configs.
 *
 * In addition, kafkajs' producer for dead letters connects with the first letter.
 */
export type Lane = "tail" | "backlog" | "group" | "questions";

export interface CallOptions {
  readonly lane: Lane;
  /** Added to the time the request allows the broker to wait (long poll, rebalance). */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

/** Kafka's error name as kafkajs spells it, such as `NOT_LEADER_FOR_PARTITION`; null if none. */
export type KafkaError = string | null;

export type KafkaApi = keyof KafkaCalls;

/** Fetched records, not decoded yet. Only the length is visible, so that simulated brokers need no bytes. */
export interface RecordsBlob {
  readonly byteLength: number;
}

export interface OfTopic<P> {
  readonly topic: string;
  readonly partitions: readonly P[];
}

export interface MetadataAnswer {
  /** The encoded topics, to compare with the next answer; only if all topics were requested from a real broker. */
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
      /** -1 if there is currently none. */
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
  /** 0 for none or a new one. */
  readonly sessionId: number;
  /** 0 for a new session, -1 for none (KIP-227). */
  readonly sessionEpoch: number;
  /** The client's rack, for reading from the nearest replica (KIP-392), or empty. */
  readonly rack: string;
  /** In an established session, only new or changed partitions. */
  readonly topics: readonly OfTopic<{
    readonly partition: number;
    readonly fetchOffset: number;
    readonly maxBytes: number;
  }>[];
  /** Partitions to remove from the session. */
  readonly forgotten: readonly OfTopic<number>[];
}

export interface FetchedPartition {
  readonly partition: number;
  readonly error: KafkaError;
  /** -1 if there is an error. */
  readonly highWatermark: number;
  readonly lastStableOffset: number;
  readonly logStart: number;
  readonly aborted: readonly AbortedTransaction[];
  /** The broker to read from instead; -1 for this one. */
  readonly preferredReadReplica: number;
  /** Null if none. The first batch may start before the requested offset. */
  readonly records: RecordsBlob | null;
}

export interface FetchAnswer {
  readonly error: KafkaError;
  /** 0 if none. */
  readonly sessionId: number;
  readonly topics: readonly OfTopic<FetchedPartition>[];
}

export interface KafkaCalls {
  readonly Metadata: {
    readonly request: {
      /** Null for all. Never creates topics. */
      readonly topics: readonly string[] | null;
      /** The previous answer for all topics: if the new one has the same bytes, its topics are reused. */
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
      /** Empty for a new member. */
      readonly memberId: string;
      readonly protocolType: "consumer";
      readonly protocols: readonly { readonly name: string; readonly metadata: Uint8Array }[];
    };
    readonly answer: {
      /** `MEMBER_ID_REQUIRED`: repeat the request with the returned id. */
      readonly error: KafkaError;
      readonly generation: number;
      readonly protocol: string;
      readonly leader: string;
      readonly memberId: string;
      /** Only in the leader's answer. */
      readonly members: readonly { readonly memberId: string; readonly metadata: Uint8Array }[];
    };
  };
  readonly SyncGroup: {
    readonly request: GroupToken & {
      /** Only from the leader. */
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
    readonly request: {
      readonly groupId: string;
      /** Null for all with a commit. */
      readonly topics: readonly OfTopic<number>[] | null;
    };
    readonly answer: {
      readonly error: KafkaError;
      readonly topics: readonly OfTopic<{
        readonly partition: number;
        readonly error: KafkaError;
        /** -1 if nothing is committed. */
        readonly offset: number;
        readonly metadata: string | null;
      }>[];
    };
  };
  readonly ListOffsets: {
    readonly request: {
      /**
       * `latest` is the high watermark, `stable` the last stable offset (start of the first open transaction). A number
       * means the first record with that timestamp or a later one, in milliseconds since the epoch: -1 if there is none.
       */
      readonly at: "earliest" | "latest" | "stable" | number;
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
    /** To the group's coordinator. */
    readonly request: { readonly groups: readonly string[] };
    readonly answer: {
      readonly groups: readonly {
        readonly error: KafkaError;
        readonly groupId: string;
        /** `Empty`, `Stable`, `Dead` if it does not exist, … */
        readonly state: string;
        readonly protocolType: string;
        readonly members: readonly DescribedMember[];
      }[];
    };
  };
  /** The groups that one broker coordinates and this user may describe. */
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

/** A member with what it told the group; both parts are empty while the group rebalances. */
export interface DescribedMember extends GroupMember {
  readonly memberId: string;
  readonly metadata: Uint8Array;
  readonly assignment: Uint8Array;
}

export interface GroupToken {
  readonly groupId: string;
  readonly generation: number;
  readonly memberId: string;
}
