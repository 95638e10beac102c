import type { OutcomeKind } from "../model/record.ts";
import type { OffsetRanges } from "./offset-ranges.ts";
import type { PartitionAudit } from "./partition-audit.ts";

/** One pass over a topic. */
export interface AuditPass {
  readonly partitions: readonly PartitionAudit[];
  /** Documents at offsets that Kafka has since deleted. Not audited. */
  readonly belowLog: number;
  /** Documents of this topic whose `_id` is not one of Penstock's. Not counted. */
  readonly foreign: number;
}

/** The outcomes of a repair: of the gaps, and of the records that a pipeline may have dropped. */
export type RepairCounts = Readonly<Record<OutcomeKind, number>>;

export interface TopicAudit {
  readonly topic: string;
  /** As declared, with `{topic}` replaced. */
  readonly index: string;
  readonly groupId: string;
  /** What was not audited, and why; one sentence each. */
  readonly notes: readonly string[];
  /** Partitions that could not be audited. */
  readonly unknownPartitions: number;
  readonly found: AuditPass;
  /** Null if no repair was requested or needed. */
  readonly repair: RepairCounts | null;
  /** Second copies that were deleted; null if that was not requested. */
  readonly removedDoubles: number | null;
  /** A second pass from the first to the last repaired or doubled offset; null if nothing was changed. */
  readonly after: AuditPass | null;
}

/** Sums over all partitions of a pass. */
export function totalsOf({ partitions }: Pick<AuditPass, "partitions">) {
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
    skipped: count(({ skipped }) => skipped),
    gaps: count(({ gaps }) => gaps),
    doubles: count(({ doubles }) => doubles),
    stale: sum(({ stale }) => stale),
  };
}

/** What is wrong with a topic after the audit and any repair. */
export interface TopicVerdict {
  /** Missing records. */
  readonly gaps: number;
  /** Records indexed more than once. */
  readonly doubles: number;
  /** Records that are either missing or were dropped by the pipeline. */
  readonly undecided: number;
  /** Neither gaps nor doubles. */
  readonly clean: boolean;
}

export function verdictOf({ found, after }: TopicAudit): TopicVerdict {
  const { gaps, doubles, dropped } = totalsOf(after ?? found);
  return { gaps, doubles, undecided: dropped, clean: gaps === 0 && doubles === 0 };
}
