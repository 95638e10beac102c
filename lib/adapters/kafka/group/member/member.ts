import type { Checkpoint } from "../../../../rules/offsets/checkpoint.ts";
import type { Logger } from "../../../../rules/base/logger.ts";
import type { Time } from "../../../../rules/base/time.ts";
import type { KafkaWire } from "../../protocol/wire.ts";
import type { Tenure } from "./tenure.ts";

/** What a member calls; none of them may throw. */
export interface GroupListener {
  /** These became ours. They stay it, through any number of rebalances, until `onRevoke` has resolved or `onLost`. */
  onAssigned(tenures: readonly Tenure[]): void;
  /**
   * These go to another member once this resolves: nothing of them is fetched any more, what is in flight is finished and
   * committed. The member waits so long, 5 s at most, ends the tenures and joins again. Commits are taken meanwhile.
   */
  onRevoke(tenures: readonly Tenure[]): Promise<void>;
  /** Void, at once and without a commit: the group went on without us. Their tenures are ended by then. */
  onLost(tenures: readonly Tenure[]): void;
  /**
   * A generation is complete, or the wanted topics, their partitions or a trouble is other than before. To be read from the
   * member's own getters.
   */
  onChange(): void;
}

export interface GroupMemberOptions {
  readonly wire: KafkaWire;
  readonly groupId: string;
  /** The same as long as this process runs; tells the hosts apart where partitions are shared out. */
  readonly host: string;
  readonly listener: GroupListener;
  readonly time: Time;
  readonly logger: Logger;
}

/** Why the member, or one topic of it, does not get on. A sentence for whoever runs the host. */
export interface GroupTrouble {
  /** `kafka_refused`: it stays until somebody mends something. */
  readonly code: "kafka_unavailable" | "kafka_refused";
  readonly message: string;
  readonly sinceMs: number;
}

export interface CommitEntry {
  readonly tenure: Tenure;
  /** The next to read. */
  readonly offset: number;
  /** The last record before it, where one is known. */
  readonly last: Checkpoint | null;
  /** True: not tried again. After a rebalance, or at another coordinator, somebody may have read on from elsewhere. */
  readonly once?: boolean;
}

/** One host's membership of the one group that all its topics share. */
export interface GroupMember {
  /**
   * The topics that this host reads, all of which exist. A value: the member joins again when what it told the group differs from it,
   * with changes of some milliseconds taken together, while all that is owned goes on.
   */
  want(topics: ReadonlySet<string>): void;
  /** Ours now, by topic and partition. */
  readonly tenures: ReadonlyMap<string, ReadonlyMap<number, Tenure>>;
  /** The topics of the last complete generation that named them for us: they run, with or without partitions for us. */
  readonly named: ReadonlySet<string>;
  /** How many partitions the topic has, as last told; null: not known. */
  partitionsOf(topic: string): number | null;
  /** Null: all is well. */
  readonly trouble: GroupTrouble | null;
  /** Of single topics that cannot be joined for, such as one the group has no room for. */
  readonly troubles: ReadonlyMap<string, GroupTrouble>;
  /**
   * Commits under the present generation, and again under the next one where a rebalance comes between, of those whose
   * tenure has not ended.
   * @returns what was not committed, with Kafka's name of the reason (`TENURE_ENDED`: it is not ours any more)
   * @throws PenstockError where the coordinator could not be asked, or the signal's reason
   */
  commit(entries: readonly CommitEntry[], signal: AbortSignal): Promise<ReadonlyMap<Tenure, string>>;
  /**
   * The group's committed offsets, whoever owns them; null where there is none. A partition that is not there was refused, and its topic
   * has a trouble. @throws PenstockError
   */
  committed(
    partitions: ReadonlyMap<string, readonly number[]>,
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, ReadonlyMap<number, { offset: number | null; metadata: string | null }>>>;
  /** Ends every tenure and leaves the group, so that the others need not wait for its session to end. Never throws. */
  leave(): Promise<void>;
}
