import type { Roster, RosterMember } from "../../lib/rules/group/roster.ts";
import type { OutcomeCounts, TopicState } from "../../lib/rules/progress/status.ts";

/** What a host says about itself to its group, beyond what Kafka knows. */
export interface HostReport {
  /** Constant while its process runs. */
  readonly host: string;
  /** Records with an outcome per second, over the last step. */
  readonly rate: number;
  /** Of the partitions it owns; null if unknown for all of them. */
  readonly lag: number | null;
  /** Since it started. */
  readonly counts: OutcomeCounts;
  readonly topics: readonly ReportedTopic[];
}

/** One topic of a host's report. */
export interface ReportedTopic {
  readonly topic: string;
  readonly state: TopicState;
  /** Whether it runs and gets nowhere; older versions do not say. */
  readonly retrying?: boolean | undefined;
  readonly reason: string | null;
  readonly rate: number;
  readonly counts: OutcomeCounts;
  /** The partitions it owns, each with its lag; null if unknown. */
  readonly owned: readonly (readonly [partition: number, lag: number | null])[];
}

/** What is known of another host by asking it. */
export type PeerState =
  | { readonly kind: "answers"; readonly report: HostReport }
  | { readonly kind: "away"; readonly reason: string; readonly sinceMs: number };

/** A host that was in the group a moment ago. */
export interface GoneMember {
  readonly member: RosterMember;
  readonly sinceMs: number;
}

export interface FleetInput {
  readonly group: string;
  /** This host; its address is null only if it did not tell the group one. */
  readonly self: HostReport & {
    readonly name: string;
    readonly version: string;
    readonly address: string | null;
    readonly startedAtMs: number;
  };
  /** Who is in the group; null if Kafka did not say so yet. */
  readonly roster: Roster | null;
  /** Why the roster is unknown or old; null if it is current. */
  readonly problem: string | null;
  /** By `HostReport.host`. */
  readonly peers: ReadonlyMap<string, PeerState>;
  readonly gone: readonly GoneMember[];
  /** Only topics whose names contain this, whatever the case; empty: all. */
  readonly topic: string;
  /** At most this many topics. */
  readonly limit: number;
}

/**
 * - **this host**: the one that was asked.
 * - **answers**: it is in the group and reports.
 * - **away**: it does not answer, or has left the group.
 * - **unknown**: it is in the group and does not say where it can be reached.
 */
export const hostStates = ["this host", "answers", "away", "unknown"] as const;
export type HostState = (typeof hostStates)[number];

export interface FleetHost {
  /** Unique within the answer. */
  readonly name: string;
  /** Null if unknown: a version before 0.2, or another program. */
  readonly version: string | null;
  readonly address: string | null;
  readonly isSelf: boolean;
  /** ISO 8601. */
  readonly startedAt: string | null;
  readonly status: HostState;
  readonly reason: string | null;
  /** Since when it is away, ISO 8601. */
  readonly since: string | null;
  /** How many partitions the group assigned to it. */
  readonly partitions: number;
  readonly rate: number | null;
  readonly lag: number | null;
  readonly counts: OutcomeCounts | null;
}

export interface FleetTopic {
  readonly topic: string;
  /** The worst state on any host that answers; null if none of them runs it. */
  readonly state: TopicState | null;
  /** Whether it is running there and gets nowhere. */
  readonly retrying: boolean;
  readonly reason: string | null;
  readonly rate: number | null;
  /** Of the partitions whose hosts answer; null if unknown for all of them. */
  readonly lag: number | null;
  readonly counts: OutcomeCounts | null;
  readonly partitions: readonly {
    readonly partition: number;
    /** The name of the host that reads it; null: none does. */
    readonly host: string | null;
    readonly lag: number | null;
  }[];
}

export interface FleetResult {
  readonly group: string;
  /** Why the members may be incomplete or old; null if they are current. */
  readonly problem: string | null;
  readonly hosts: readonly FleetHost[];
  readonly topics: readonly FleetTopic[];
  /** How many topics fit the filter; `topics` has at most the limit. */
  readonly topicCount: number;
  /** Of all topics and of the hosts that answer. */
  readonly totals: { readonly rate: number; readonly lag: number | null; readonly counts: OutcomeCounts };
}
