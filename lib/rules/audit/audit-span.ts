import type { StartAt } from "../model/declaration.ts";

/** The state of one partition when its audit begins. */
export interface PartitionStanding {
  readonly partition: number;
  /** The offsets that Kafka still has: [start, end). */
  readonly log: { readonly start: number; readonly end: number };
  /** The next offset the group reads; null if it has committed nothing. */
  readonly committed: number | null;
  readonly startAt: StartAt;
  /** Where the group began or went back to, as `Marks` has it; null if that is not stored. */
  readonly from: number | null;
  /**
   * The lowest offset in the log with a document or a dead letter; null if none. Only needed if a group without `from` did not
   * start at the earliest.
   */
  readonly lowestKnown: number | null;
}

/** The offsets to audit, [start, end); empty if the partition cannot be audited. */
export interface AuditSpan {
  readonly start: number;
  readonly end: number;
  /** One sentence on what is not audited, and why; null if all of the log up to the commit is audited. */
  readonly note: string | null;
  /** True if it is unknown whether something is missing here. */
  readonly unknown: boolean;
}

/**
 * Returns the offsets of a partition to account for: from the start of the log, or from the group's first offset, up to
 * its commit. Where the group's offsets were set by another program, the first one is not stored: if the topic does not
 * start at the earliest record, the audit then starts at the lowest offset that is known to have been read.
 */
export function auditSpan(standing: PartitionStanding): AuditSpan {
  const { partition, log, committed, startAt, from, lowestKnown } = standing;
  const place = `partition ${partition}`;
  if (committed === null) {
    return { start: log.start, end: log.start, unknown: false, note: `${place}: nothing is committed yet` };
  }
  if (committed > log.end) {
    const note =
      `${place}: the committed offset ${committed} is beyond the end of the log, ${log.end}: ` +
      "the topic was recreated or truncated; audited to the end of the log";
    return { ...spanFrom(log.start, log.end), unknown: false, note };
  }
  if (committed < log.start) {
    const note = `${place}: offsets ${committed} to ${log.start} were deleted from Kafka before they were read`;
    return { start: log.start, end: log.start, unknown: false, note };
  }
  if (from !== null && from > log.start) {
    const start = Math.min(from, committed);
    const note = `${place}: audited from offset ${start}, where its group began or went back to`;
    return { start, end: committed, unknown: false, note };
  }
  if (startAt === "earliest" || from !== null || committed === log.start) {
    return { ...spanFrom(log.start, committed), unknown: false, note: null };
  }
  if (lowestKnown === null || lowestKnown >= committed) {
    const note =
      `${place}: not audited: none of its records is in Elasticsearch or among the dead letters, and the offset at which ` +
      `its group started is unknown (startAt: ${startAt})`;
    return { start: committed, end: committed, unknown: true, note };
  }
  const note = `${place}: audited from offset ${lowestKnown}, the lowest one known to have been read (startAt: ${startAt})`;
  return { ...spanFrom(lowestKnown, committed), unknown: false, note };
}

function spanFrom(start: number, end: number): { start: number; end: number } {
  return { start: Math.min(start, end), end };
}
