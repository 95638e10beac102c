import type { Specification } from "../model/declaration.ts";
import { createDocumentEncoder } from "../documents/document.ts";
import { indexPatternOf } from "../model/names.ts";
import type { SourceRecord } from "../model/record.ts";
import type { Absence, BuriedRecord } from "./partition-audit.ts";

/**
 * Says why a record of the topic may rightly be neither in Elasticsearch nor among the dead letters.
 *
 * - With a dated index, a record whose index is gone or closed is expired: somebody's retention took it. Where the topic
 *   has one index for all and that is gone, nobody meant it to be, and every record of it is a gap.
 * - With an ingest pipeline, the topic's or its index's own, a record that it dropped cannot be told from one that is
 *   missing. It is called neither: not a gap, since a topic whose pipeline drops records would never pass, and not
 *   accounted for. A repair tells: what the pipeline drops once more was dropped, what is indexed was missing.
 * @param openIndices names of the open indices, aliases and data streams that fit the topic's index
 * @param hasPipeline whether an index brings a pipeline of its own
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
 * The records that nothing found so far accounts for, and that a pipeline may have sent to another index than the topic's.
 * Where one sends on all of a day, that day's index does not even exist.
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
