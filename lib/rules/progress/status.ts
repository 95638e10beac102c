import type { SourceRef, Specification } from "../model/declaration.ts";
import type { RetryReason } from "../model/record.ts";
import type { Remedy } from "../remedies/remedy.ts";
import type { Hold } from "./hold.ts";
import type { LostRange } from "../offsets/position.ts";

/**
 * A host's topics, as in the response of `GET /topics`, one entry per topic.
 *
 * - **pending**: declared, but not in Kafka yet.
 * - **starting**: the group does not know it yet, or its partitions are being opened.
 * - **running**: this host reads the partitions that the group assigned to it, possibly none.
 * - **held**: not read, because its declaration or a person says so; its partitions and its position stay.
 * - **stalled**: running, with lag and without a commit for 60 s.
 * - **stopping**: finishing records in flight.
 * - **failed**: refused to start, or not allowed to run by Kafka; retried.
 */
export type TopicState = "pending" | "starting" | "running" | "held" | "stalled" | "stopping" | "failed";

/** Every state, in the order of a topic's life. */
export const topicStates = [
  "pending",
  "starting",
  "running",
  "held",
  "stalled",
  "stopping",
  "failed",
] as const satisfies readonly TopicState[];

/** A state as people are shown it. **retrying**: running, but its records get no outcome. */
export type SeenState = TopicState | "retrying";

/** The one rule for what a retrying topic is: it is not counted, nor shown, as one that runs. */
export function seenState({ state, trouble }: Pick<TopicStatus, "state" | "trouble">): SeenState {
  return seenAs({ state, retrying: trouble !== null });
}

/** The same for what hosts report of a topic. Older versions do not say whether it retries; null: no host runs it. */
export function seenAs<S extends TopicState | null>(told: {
  readonly state: S;
  readonly retrying?: boolean | undefined;
}): S | "retrying" {
  return told.state === "running" && told.retrying === true ? "retrying" : told.state;
}

/** What a person must see first. */
export const worstFirst = [
  "failed",
  "stalled",
  "retrying",
  "starting",
  "stopping",
  "pending",
  "held",
  "running",
] as const satisfies readonly SeenState[];

export interface PartitionStatus {
  readonly partition: number;
  /** True if this host reads it. */
  readonly owned: boolean;
  /** The next offset to read after a restart; null if nothing is committed, or unknown. */
  readonly committed: number | null;
  /** The offset after the last record; null if unknown. */
  readonly highWatermark: number | null;
  /** One past the last offset that this host sent to Elasticsearch; null if another one reads the partition. */
  readonly sent: number | null;
  /** Last stable offset − committed, in offsets; null if unknown. */
  readonly lag: number | null;
  /** When the commit last advanced or lag became > 0, in milliseconds since the epoch; null if neither happened yet. */
  readonly progressAt: number | null;
  /** When the broker last reported the log's offsets, on which `lag` is based, in milliseconds since the epoch; null if never. */
  readonly lagAt: number | null;
  /** The timestamp of the oldest unacknowledged record, in milliseconds since the epoch; null if none or unknown. */
  readonly oldestUnreadAt: number | null;
  /** When Kafka may delete that record by `retention.ms`, in milliseconds since the epoch; null if unknown. */
  readonly deletableAt: number | null;
}

/** Records by their outcome, since the host started. */
export interface OutcomeCounts {
  readonly indexed: number;
  readonly duplicate: number;
  readonly deadLettered: number;
  readonly skipped: number;
}

export interface TopicStatus {
  readonly topic: string;
  readonly state: TopicState;
  /** One sentence; null if the state needs no explanation. */
  readonly reason: string | null;
  /** What mends the reason; null if nothing has to be done, or nobody can know. */
  readonly remedy: Remedy | null;
  /** Null while it gets on, waits for its turn or is held. A running topic may be in trouble: it is tried again in vain. */
  readonly trouble: TopicTrouble | null;
  /** When it entered this state, ISO 8601. */
  readonly since: string;
  /**
   * When a failed or starting topic last moved records, ISO 8601, counting the attempts in between. Null if it runs or has
   * no need to.
   */
  readonly downSince: string | null;
  /** What holds it, also while it does not exist or cannot start; null: nothing. */
  readonly hold: Hold | null;
  /** Every declaration that names it, the winner first. */
  readonly sources: readonly SourceRef[];
  readonly spec: Specification;
  readonly partitions: readonly PartitionStatus[];
  readonly counts: OutcomeCounts;
  /**
   * Records indexed in flattened or text form since the host started, by the field that the mapping rejected. `none` if
   * Elasticsearch named no field, `other` for all beyond the first twenty.
   */
  readonly gaveWay: Readonly<Record<string, number>>;
  /** The latest ranges that Kafka deleted before they were read, since the host started. */
  readonly lost: readonly ReportedLoss[];
}

/** What a topic in trouble risks. */
export interface TopicTrouble {
  /** When the first try was refused or the topic failed, ISO 8601. */
  readonly since: string;
  /** Tries refused since then. */
  readonly attempts: number;
  /** Why records are tried again; null if there was no response yet, or if the topic failed. */
  readonly code: RetryReason["code"] | null;
  /** The partitions of this host with records that wait. */
  readonly partitions: readonly number[];
  /** How many records wait there; null if unknown. */
  readonly records: number | null;
  /** The timestamp of the oldest of them, in milliseconds since the epoch; null if unknown. */
  readonly oldestAt: number | null;
  /** When Kafka may delete it by `retention.ms`, in milliseconds since the epoch; null if unknown. */
  readonly deletableAt: number | null;
}

/** A lost range, and when it was noticed, ISO 8601. */
export interface ReportedLoss extends LostRange {
  readonly at: string;
}
