import type { OutcomeKind } from "../model/record.ts";
import type { OffsetRanges } from "./offset-ranges.ts";
import type { PartitionAudit } from "./partition-audit.ts";

/** One look at a topic. */
export interface AuditPass {
  readonly partitions: readonly PartitionAudit[];
  /** Documents at offsets that Kafka has deleted by now: not audited. */
  readonly belowLog: number;
  /** Documents of this topic whose `_id` is not one that Penstock gives: not counted. */
  readonly foreign: number;
}

/** What a repair did: how each record ended that was a gap, or was dropped or missing. */
export type RepairCounts = Readonly<Record<OutcomeKind, number>>;

export interface TopicAudit {
  readonly topic: string;
  /** As declared, with `{topic}` replaced. */
  readonly index: string;
  readonly groupId: string;
  /** What was not audited, and why; a sentence each. */
  readonly notes: readonly string[];
  /** Partitions of which nothing can be said. */
  readonly unknownPartitions: number;
  readonly found: AuditPass;
  /** Null: no repair was asked for, or there was nothing to repair. */
  readonly repair: RepairCounts | null;
  /** The repaired offsets, and what lies between them, looked at again; null: nothing was repaired. */
  readonly after: AuditPass | null;
}

/** Sums over all partitions of a pass. */
export interface AuditTotals {
  readonly partitions: number;
  readonly offsets: number;
  readonly indexed: number;
  readonly deadLettered: number;
  readonly elsewhere: number;
  readonly repaired: number;
  readonly nulls: number;
  readonly notRecords: number;
  readonly expired: number;
  readonly dropped: number;
  readonly gaps: number;
  readonly doubles: number;
  readonly stale: number;
}

export function totalsOf({ partitions }: Pick<AuditPass, "partitions">): AuditTotals {
  const sum = (of: (partition: PartitionAudit) => number): number =>
    partitions.reduce((total, partition) => total + of(partition), 0);
  const count = (of: (partition: PartitionAudit) => OffsetRanges): number =>
    sum((partition) => of(partition).offsetCount);
  return {
    partitions: partitions.length,
    offsets: sum(({ start, end }) => end - start),
    indexed: sum(({ indexed }) => indexed),
    deadLettered: sum(({ deadLettered }) => deadLettered),
    elsewhere: sum(({ elsewhere }) => elsewhere),
    repaired: sum(({ repaired }) => repaired),
    nulls: sum(({ nulls }) => nulls),
    notRecords: sum(({ notRecords }) => notRecords),
    expired: count(({ expired }) => expired),
    dropped: count(({ dropped }) => dropped),
    gaps: count(({ gaps }) => gaps),
    doubles: count(({ doubles }) => doubles),
    stale: sum(({ stale }) => stale),
  };
}

/** What is wrong with a topic once the audit, and the repair if there was one, is over. */
export interface TopicVerdict {
  /** Records that are missing. */
  readonly gaps: number;
  /** Records that are in the index more than once. */
  readonly doubles: number;
  /** Records that the pipeline dropped, or that are missing. */
  readonly undecided: number;
  /** True: neither gaps nor doubles. */
  readonly clean: boolean;
}

export function verdictOf({ found, after }: TopicAudit): TopicVerdict {
  const before = totalsOf(found);
  const now = after === null ? before : totalsOf(after);
  // A repair takes no double away.
  const doubles = Math.max(before.doubles, now.doubles);
  return { gaps: now.gaps, doubles, undecided: now.dropped, clean: now.gaps === 0 && doubles === 0 };
}
