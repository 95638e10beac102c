import type { Specification } from "../declaration.ts";
import { createDocumentEncoder } from "../document.ts";
import { indexPatternOf } from "../names.ts";
import type { SourceRecord } from "../record.ts";
import type { Absence } from "./partition-audit.ts";

/**
 * Says why a record of the topic may rightly be neither in Elasticsearch nor among the dead letters.
 *
 * - With a dated index, a record whose index is gone or closed is expired: somebody's retention took it. Where the topic
 *   has one index for all and that is gone, nobody meant it to be, and every record of it is a gap.
 * - With an ingest pipeline, a record that it dropped cannot be told from one that is missing. It is called neither: not
 *   a gap, since a topic whose pipeline drops records would never pass, and not accounted for. A repair tells: what the
 *   pipeline drops once more was dropped, what is indexed was missing.
 * @param openIndices names of the open indices, aliases and data streams that fit the topic's index
 */
export function createAbsenceExplainer(
  spec: Specification,
  openIndices: ReadonlySet<string>,
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
    return { kind: spec.pipeline === null ? "gap" : "dropped" };
  };
}
