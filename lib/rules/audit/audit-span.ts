import type { StartAt } from "../model/declaration.ts";

/** Where one partition stands when its audit begins. */
export interface PartitionStanding {
  readonly partition: number;
  /** What Kafka still has: [start, end). */
  readonly log: { readonly start: number; readonly end: number };
  /** The next offset the group reads; null: it has committed nothing. */
  readonly committed: number | null;
  readonly startAt: StartAt;
  /** The lowest offset in the log that has a document or a dead letter; null: none has. Only asked for `latest`. */
  readonly lowestKnown: number | null;
}

/** The offsets to audit, [start, end); empty where nothing can be said of the partition. */
export interface AuditSpan {
  readonly start: number;
  readonly end: number;
  /** What is not audited, and why: one sentence; null: all that the log holds up to the commit is. */
  readonly note: string | null;
  /** True: whether something is missing here cannot be told. */
  readonly unknown: boolean;
}

/**
 * The offsets of a partition that have to be accounted for: from the start of the log, or from where the group began, to
 * what it has committed. Where a topic starts at `latest`, where its group began is kept nowhere: the audit then counts
 * from the lowest offset that is known to have been read.
 */
export function auditSpan(standing: PartitionStanding): AuditSpan {
  const { partition, log, committed, startAt, lowestKnown } = standing;
  const place = `partition ${partition}`;
  if (committed === null) {
    return { start: log.start, end: log.start, unknown: false, note: `${place}: nothing is committed yet` };
  }
  if (committed > log.end) {
    const note =
      `${place}: the committed offset ${committed} lies beyond the end of the log, ${log.end}: ` +
      "the topic was deleted and created again, or cut off; audited to the end of the log";
    return { ...spanFrom(log.start, log.end), unknown: false, note };
  }
  if (committed < log.start) {
    const note = `${place}: offsets ${committed} to ${log.start} were deleted from Kafka before they were read`;
    return { start: log.start, end: log.start, unknown: false, note };
  }
  if (startAt === "earliest" || committed === log.start) {
    return { ...spanFrom(log.start, committed), unknown: false, note: null };
  }
  if (lowestKnown === null || lowestKnown >= committed) {
    const note =
      `${place}: not audited: no record of it is in Elasticsearch or among the dead letters, and where its group ` +
      "began to read is not known (startAt: latest)";
    return { start: committed, end: committed, unknown: true, note };
  }
  const note = `${place}: audited from offset ${lowestKnown}, the lowest that is known to have been read (startAt: latest)`;
  return { ...spanFrom(lowestKnown, committed), unknown: false, note };
}

function spanFrom(start: number, end: number): { start: number; end: number } {
  return { start: Math.min(start, end), end };
}
