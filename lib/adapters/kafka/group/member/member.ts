import type { Checkpoint } from "../../../../rules/offsets/checkpoint.ts";
import type { Marks } from "../../../../rules/offsets/marks.ts";
import type { Logger } from "../../../../rules/base/logger.ts";
import type { HostProfile } from "../../../../rules/group/protocol/profile.ts";
import type { Time } from "../../../../rules/base/time.ts";
import type { KafkaWire } from "../../protocol/wire.ts";
import type { Tenure } from "./tenure.ts";

/** Callbacks of a member; none of them may throw. */
export interface GroupListener {
  /** These are now ours. They stay ours, across rebalances, until `onRevoke` has resolved or `onLost` is called. */
  onAssigned(tenures: readonly Tenure[]): void;
  /**
   * These must be given up: stop fetching them, finish and commit what is in flight, then resolve. The member waits for
   * this, but at most 5 s, then ends the tenures and joins again. Commits are accepted meanwhile.
   */
  onRevoke(tenures: readonly Tenure[]): Promise<void>;
  /** These are lost without a commit, because the group went on without us. Their tenures have already ended. */
  onLost(tenures: readonly Tenure[]): void;
  /**
   * A generation is complete, or the wanted topics, their partitions or a trouble changed. The new state is in the
   * member's getters.
   */
  onChange(): void;
}

export interface GroupMemberOptions {
  readonly wire: KafkaWire;
  readonly groupId: string;
  /** Constant while this process runs; identifies the host when partitions are assigned. */
  readonly host: string;
  /** What the group is told about this host, for people; null: nothing. */
  readonly profile?: HostProfile | null;
  readonly listener: GroupListener;
  readonly time: Time;
  readonly logger: Logger;
}

/** Why the member or one of its topics is stuck, as a sentence for the operator. */
export interface GroupTrouble {
  /** `kafka_refused` if a person has to fix something. */
  readonly code: "kafka_unavailable" | "kafka_refused";
  readonly message: string;
  readonly sinceMs: number;
}

export interface CommitEntry {
  readonly tenure: Tenure;
  /** The next offset to read. */
  readonly offset: number;
  /** The last record before it, if known. */
  readonly last: Checkpoint | null;
  /** Where records were sent to, if known: see `CommitNote`. */
  readonly place?: string | null;
  /** See `CommitNote`. */
  readonly marks?: Marks | null;
  /** True: never retried. After a rebalance or a coordinator change, another member may already have read on. */
  readonly once?: boolean;
}

/** One host's membership in the group that all its topics share. */
export interface GroupMember {
  /**
   * Sets the topics this host reads, all of which exist. If they differ from what the group knows, the member joins
   * again. Changes within some milliseconds are combined, and owned partitions keep running meanwhile.
   */
  want(topics: ReadonlySet<string>): void;
  /** The tenures we hold, by topic and partition. */
  readonly tenures: ReadonlyMap<string, ReadonlyMap<number, Tenure>>;
  /**
   * Ends all tenures if the group may have gone on without us: no heartbeat was answered for a session timeout. To be
   * called before something is done under a tenure: after a freeze of this process, timers come too late.
   */
  check(): void;
  /**
   * Whether our tenures are surely ours: a heartbeat was answered within the session timeout. While only the coordinator
   * does not answer, tenures are kept for longer, though another member may have got them.
   */
  readonly isSure: boolean;
  /** The wanted topics that the group reads in the last complete generation, even if we own no partition of them. */
  readonly named: ReadonlySet<string>;
  /** Returns the number of partitions according to the leader, or null if unknown. */
  partitionsOf(topic: string): number | null;
  /** The trouble of the whole member, if any. */
  readonly trouble: GroupTrouble | null;
  /** The troubles of single topics, such as one that the group has no room for. */
  readonly troubles: ReadonlyMap<string, GroupTrouble>;
  /**
   * Commits under the current generation, or the next one if a rebalance intervenes. Entries whose tenure has ended are
   * skipped.
   * @returns what was not committed, with Kafka's error name (`TENURE_ENDED` if the partition is no longer ours)
   * @throws PenstockError if the coordinator could not be asked, or the signal's reason
   */
  commit(entries: readonly CommitEntry[], signal: AbortSignal): Promise<ReadonlyMap<Tenure, string>>;
  /**
   * Returns the group's committed offsets for any partitions, owned or not; null if none is committed. A partition
   * missing from the answer was refused, and its topic has a trouble. @throws PenstockError
   */
  committed(
    partitions: ReadonlyMap<string, readonly number[]>,
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, ReadonlyMap<number, { offset: number | null; metadata: string | null }>>>;
  /** Ends every tenure and leaves, so that the others need not wait for our session to expire. Never throws. */
  leave(): Promise<void>;
}
