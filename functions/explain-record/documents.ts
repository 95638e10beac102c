import { createAbsenceExplainer } from "../../lib/rules/audit/absence.ts";
import type { Absence, AuditDocument } from "../../lib/rules/audit/partition-audit.ts";
import { documentId } from "../../lib/rules/documents/document-id.ts";
import type { LogEntry } from "../../lib/rules/inspection/entries.ts";
import type { Specification } from "../../lib/rules/model/declaration.ts";
import { isIndexName } from "../../lib/rules/model/names.ts";
import type { SourceRecord } from "../../lib/rules/model/record.ts";
import { recordsAlias } from "../../lib/rules/template/index-template.ts";
import { withStandIns } from "../../lib/rules/time/time-stand-in.ts";
import { targetOf } from "../audit-topic/pass.ts";
import type { ExplainedDocuments, ExplainRecordDeps, ExplainRecordInput } from "./deps.ts";

interface FoundDocuments {
  /** In the topic's indices. */
  readonly own: readonly { readonly index: string; readonly id: string }[];
  /** The id, if it is only in another index. */
  readonly elsewhere: string | null;
  /** Why there is no document; null if there is one, or if the record is deleted in Kafka, not settled or not declared. */
  readonly absence: Absence | null;
  readonly notes: readonly string[];
}

const notAllSeen =
  "Shards of other indices do not answer: a document that the topic wrote to one of them before is not found.";

/**
 * Looks for documents of the offset, and decides why there is none, unless Kafka has deleted the record.
 * @param isSettled false: of a declared topic, its own indices say all that there is to say
 */
export async function lookForDocuments(
  { topic, partition, offset, spec }: ExplainRecordInput,
  entry: LogEntry | undefined,
  isSettled: boolean,
  deps: ExplainRecordDeps,
): Promise<FoundDocuments> {
  // Not every topic's name may be that of an index.
  const documents = await deps.openDocuments(spec?.index ?? (isIndexName(topic) ? topic : recordsAlias));
  try {
    const found = await documents.cursor(partition, offset, offset + 1).until(offset + 1);
    const record = entry?.kind === "record" ? entry.record : null;
    const named = ({ timestamp, index }: AuditDocument) => ({
      index,
      id: documentId(topic, { partition, offset, timestamp }),
    });
    const own = found.filter(({ timestamp }) => record === null || timestamp === record.timestamp);
    const others = found.filter((document) => !own.includes(document)).map(named);
    const notes = others.map(
      ({ index, id }) =>
        `Document ${id} in ${index} is of an earlier topic of this name, whose offsets began anew.`,
    );
    const told = { own: own.map(named), elsewhere: null, absence: null, notes };
    if (own.length > 0 || record === null || (!isSettled && spec !== null)) return told;
    const id = documentId(topic, record);
    // A person who only looks must not make Elasticsearch refresh the indices of others.
    const elsewhere = await documents.anywhere([id], { refresh: false });
    if (elsewhere.has(id)) return { ...told, elsewhere: id };
    const absence = spec === null ? null : await absenceOf(record, spec, documents, deps);
    return { ...told, absence, notes: documents.isPartial ? [...notes, notAllSeen] : notes };
  } finally {
    await documents.close();
  }
}

async function absenceOf(
  record: SourceRecord,
  spec: Specification,
  documents: ExplainedDocuments,
  { indices, signal, now }: ExplainRecordDeps,
) {
  const { partition, offset } = record;
  const target = await targetOf(documents, new Map([[partition, { start: offset, end: offset + 1 }]]));
  const explain = createAbsenceExplainer(spec, target, indices);
  const [timed = record] = withStandIns([record], null, now()).records;
  const first = explain(timed);
  if (indices?.isOpen !== true) return first;
  await indices.look(signal);
  return explain(timed);
}
