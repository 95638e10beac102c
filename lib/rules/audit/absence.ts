import type { Specification } from "../model/declaration.ts";
import { createDocumentEncoder } from "../documents/document.ts";
import { indexPatternOf } from "../model/names.ts";
import type { SourceRecord } from "../model/record.ts";
import type { Absence, BuriedRecord } from "./partition-audit.ts";

/**
 * Explains why a record of the topic is neither in Elasticsearch nor among the dead letters.
 *
 * - With a dated index, a record whose index was deleted or closed is expired, by somebody's retention. A topic's only
 *   index is not deleted on purpose, so then every record is a gap.
 * - With an ingest pipeline, the topic's or the index's own, a dropped record looks like a missing one. It counts
 *   neither as a gap, because a topic whose pipeline drops records would never pass, nor as accounted for. A repair
 *   decides: if the pipeline drops the record again it was dropped, and if it is indexed it was missing.
 * @param openIndices names of the open indices, aliases and data streams that match the topic's index
 * @param hasPipeline whether an index has a pipeline of its own
 */
export function createAbsenceExplainer(
  spec: Specification,
  openIndices: ReadonlySet<string>,
  hasPipeline: (index: string) => boolean = () => false,
): (record: SourceRecord) => Absence {
  const encode = createDocumentEncoder(spec);
  const dated = indexPatternOf(spec.index) !== spec.index;
  return (record) => {
    const encoding = encode(record);
    if (encoding.kind === "skipped") return { kind: "null" };
    // It should be among the dead letters.
    if (encoding.kind === "rejected") return { kind: "gap" };
    const { index } = encoding;
    if (dated && !openIndices.has(index)) return { kind: "expired", index };
    return { kind: spec.pipeline === null && !hasPipeline(index) ? "gap" : "dropped" };
  };
}

/**
 * Returns the records that are still unaccounted for, and that a pipeline may have sent to an index other than the
 * topic's. If it sent on a whole day, that day's index does not even exist.
 */
export function perhapsElsewhere(
  records: readonly SourceRecord[],
  found: readonly BuriedRecord[],
  spec: Specification,
  explain: (record: SourceRecord) => Absence,
): SourceRecord[] {
  const known = new Set(found.map(({ offset, timestamp }) => `${offset}:${timestamp}`));
  return records.filter((record) => {
    if (known.has(`${record.offset}:${record.timestamp}`)) return false;
    const { kind } = explain(record);
    return kind === "dropped" || (kind === "expired" && spec.pipeline !== null);
  });
}
