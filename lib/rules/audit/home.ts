import type { Specification } from "../model/declaration.ts";
import { createDocumentEncoder } from "../documents/document.ts";
import { everyIndex } from "../model/record-index.ts";
import { indexPatternOf } from "../model/names.ts";
import type { SourceRecord } from "../model/record.ts";
import type { KnownIndices } from "./absence.ts";

/**
 * Names the index to which a record goes as its topic is declared now, if a date or a field chooses it. Null if none does, or
 * if others might name another one: the record has no time of its own, or it is not decided whether the topic may use the index.
 */
export function createHomeFinder(
  spec: Specification,
  indices: KnownIndices | null = null,
): (record: SourceRecord) => string | null {
  const encode = createDocumentEncoder(spec, "own", indices ?? everyIndex);
  const isChosen = indexPatternOf(spec.index) !== spec.index;
  return ({ standIn: _standIn, ...record }) => {
    const encoding = isChosen ? encode(record) : null;
    if (encoding?.kind !== "document") return null;
    const { index } = encoding;
    return indices === null || indices.isTaken(index) ? index : null;
  };
}
