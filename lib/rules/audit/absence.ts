import type { Specification } from "../model/declaration.ts";
import { createDocumentEncoder } from "../documents/document.ts";
import { everyIndex, type IndexChoice } from "../model/record-index.ts";
import { indexPatternOf } from "../model/names.ts";
import type { SourceRecord } from "../model/record.ts";
import type { SkippedRange } from "../offsets/marks.ts";
import { explainByGenerations, type Generations } from "./generations.ts";
import type { Absence, BuriedRecord } from "./partition-audit.ts";

/** Where a topic's documents should be. */
export interface AuditTarget {
  /** The names of the open indices, aliases and data streams that match the topic's index. */
  readonly open: ReadonlySet<string>;
  /** The indices behind it; null unless it is one alias or data stream. */
  readonly generations: Generations | null;
  /** Whether indices that left it hold documents of the topic. */
  readonly hasStrayed: boolean;
  /** Whether other indices that may hold documents of the topic were not seen as a whole. */
  readonly isPartial: boolean;
  /** By partition: the first offset written to the oldest of these indices that has documents of the partition. */
  readonly firstOffsets: ReadonlyMap<number, number>;
  /** Whether an index, alias or data stream has a pipeline of its own. */
  hasPipeline(index: string): boolean;
}

/** The indices that fields chose, as far as they were used. */
export interface KnownIndices extends IndexChoice {
  isTaken(index: string): boolean;
}

/**
 * Explains why a record of the topic is neither in Elasticsearch nor among the dead letters.
 *
 * - With a dated index, a record whose index was deleted or closed is expired, by somebody's retention; so it is with an
 *   index that fields choose, if the topic ever used it. A topic's only
 *   index is not deleted on purpose, so then every record is a gap. Behind an alias or data stream, the remaining indices
 *   tell what was deleted ({@link explainByGenerations}).
 * - With an ingest pipeline, the topic's or the index's own, a dropped record looks like a missing one. It counts
 *   neither as a gap, because a topic whose pipeline drops records would never pass, nor as accounted for. A repair
 *   decides: if the pipeline drops the record again it was dropped, and if it is indexed it was missing.
 */
export function createAbsenceExplainer(
  spec: Specification,
  target: AuditTarget,
  indices: KnownIndices | null = null,
): (record: SourceRecord) => Absence {
  const { open, generations, firstOffsets } = target;
  const encode = createDocumentEncoder(spec, "own", indices ?? everyIndex);
  const dated = indexPatternOf(spec.index) !== spec.index;
  return (record) => {
    const encoding = encode(record);
    if (encoding.kind === "skipped") return { kind: "null" };
    // It should be among the dead letters.
    if (encoding.kind === "rejected") return { kind: "gap" };
    const { index } = encoding;
    const wasUsed = indices === null || indices.isTaken(index);
    if (dated && wasUsed && !open.has(index)) return { kind: "expired", index };
    const absence: Absence =
      generations === null
        ? { kind: "gap" }
        : explainByGenerations(record, generations, firstOffsets.get(record.partition) ?? null);
    if (absence.kind === "expired") return absence;
    return spec.pipeline === null && !target.hasPipeline(index) ? absence : { kind: "dropped" };
  };
}

/** What would be missing was skipped on purpose, where a rewind went forward. @param skipped by partition */
export function unlessSkipped(
  explain: (record: SourceRecord) => Absence,
  skipped: ReadonlyMap<number, readonly SkippedRange[]>,
): (record: SourceRecord) => Absence {
  if (skipped.size === 0) return explain;
  return (record) => {
    const absence = explain(record);
    const { partition, offset } = record;
    const isMeant = absence.kind === "gap" || absence.kind === "dropped";
    const isIn = ({ from, to }: SkippedRange): boolean => offset >= from && offset < to;
    return isMeant && skipped.get(partition)?.some(isIn) === true ? { kind: "skipped" } : absence;
  };
}

/**
 * Returns the records that are still unaccounted for, and that may be in an index other than the topic's. A pipeline may
 * have sent them there; if it sent on a whole day, that day's index does not even exist. Or their index was taken out of
 * the alias or data stream, or somebody has indexed them since the snapshot. Or shards did not answer that may have them.
 */
export function perhapsElsewhere(
  records: readonly SourceRecord[],
  found: readonly BuriedRecord[],
  spec: Specification,
  { generations, hasStrayed, isPartial }: Pick<AuditTarget, "generations" | "hasStrayed" | "isPartial">,
  explain: (record: SourceRecord) => Absence,
): SourceRecord[] {
  const known = new Set(found.map(({ offset, timestamp }) => `${offset}:${timestamp}`));
  return records.filter((record) => {
    if (known.has(`${record.offset}:${record.timestamp}`)) return false;
    const { kind } = explain(record);
    return (
      kind === "dropped" ||
      (kind === "gap" && (generations !== null || isPartial)) ||
      (kind === "expired" && (spec.pipeline !== null || hasStrayed || isPartial))
    );
  });
}
