import type { SourceRef, Specification } from "../model/declaration.ts";
import type { LostRange } from "../offsets/position.ts";

/**
 * What a host says of its topics: the answer of `GET /topics`, one entry per topic.
 *
 * - **pending**: declared, but not there in Kafka yet.
 * - **starting**: the group does not know of it yet, or its partitions are being opened.
 * - **running**: what the group gave this host of it is read; that may be none of it.
 * - **stalled**: running, with lag and without a commit for 60 s.
 * - **stopping**: finishing what is in flight.
 * - **failed**: its start was refused, or Kafka does not let it run; tried again.
 */
export type TopicState = "pending" | "starting" | "running" | "stalled" | "stopping" | "failed";

/** Every state, in the order of a topic's life. */
export const topicStates = [
  "pending",
  "starting",
  "running",
  "stalled",
  "stopping",
  "failed",
] as const satisfies readonly TopicState[];

export interface PartitionStatus {
  readonly partition: number;
  /** True: it is read by this host. */
  readonly owned: boolean;
  /** The next offset to read after a restart; null: nothing committed, or not known. */
  readonly committed: number | null;
  /** The offset after the last record; null: not known yet. */
  readonly highWatermark: number | null;
  /** Last stable offset − committed, in offsets; null: not known. */
  readonly lag: number | null;
  /** Milliseconds since the epoch of the last commit progress, or of lag becoming > 0; null: neither yet. */
  readonly progressAt: number | null;
  /** When the broker last told where its log stands, milliseconds since the epoch: `lag` is as of then. Null: not yet. */
  readonly lagAt: number | null;
  /** The timestamp of the oldest record that is not acknowledged, milliseconds since the epoch; null: none, or not known. */
  readonly oldestUnreadAt: number | null;
  /** When Kafka may delete that record, by the topic's `retention.ms`, milliseconds since the epoch; null: nobody can tell. */
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
  /** One sentence; null where the state says it all. */
  readonly reason: string | null;
  /** When it entered this state, ISO 8601. */
  readonly since: string;
  /**
   * Of a failed or starting topic: since when it moves nothing, ISO 8601, the tries in between included. Null: it runs,
   * or need not.
   */
  readonly downSince: string | null;
  /** Every declaration that names it, the winner first. */
  readonly sources: readonly SourceRef[];
  readonly spec: Specification;
  readonly partitions: readonly PartitionStatus[];
  readonly counts: OutcomeCounts;
  /**
   * Records that are indexed in another form than their own, since the host started, by the field that the mapping
   * refused; `none`: it named none, `other`: all beyond the first twenty.
   */
  readonly gaveWay: Readonly<Record<string, number>>;
  /** What Kafka deleted before it was read, since the host started; the latest ones where there are many. */
  readonly lost: readonly ReportedLoss[];
}

/** A lost range, and when it was noticed, ISO 8601. */
export interface ReportedLoss extends LostRange {
  readonly at: string;
}
