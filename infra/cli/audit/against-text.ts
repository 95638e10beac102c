import type { AuditAgainst } from "../../../functions/audit-against.ts";
import type { Finding } from "../../../lib/rules/audit/against/finding.ts";
import { counted, countText, secondsText } from "../../../lib/rules/base/units.ts";
import { oneLine, quoted } from "../../../lib/rules/base/visible-text.ts";

/** For each kind; further ones are only counted. */
const PRINTED_RANGES = 100;
const PRINTED_MINUTES = 20;
const PRINTED_CHANGES = 5;

/** The comparison of a topic with an index that another tool filled, for a person. */
export function formatAgainst(result: AuditAgainst, tookMs: number): string {
  const { missing, doubled, changed, unknown, changes, minutes, unknownIds } = result;
  const finding = (name: string, { count, at }: Finding, meaning: string): string[] => {
    const lines = at.slice(0, PRINTED_RANGES).map(({ partition, from, to }) => {
      const offsets = from === to ? String(from) : `${from}–${to}`;
      return `    partition ${partition}: ${offsets}`;
    });
    const rest = at.length - lines.length;
    const explained = result.causes
      .filter((one) => one.finding === name)
      .slice(0, 10)
      .map(({ cause, count, example }) => {
        const first = `${example.partition}:${example.offset}`;
        return `    likely cause of ${countText(count)}, first at ${first}: ${oneLine(cause)}`;
      });
    return [
      `  ${name.padEnd(8)} ${countText(count).padStart(9)}  ${meaning}`,
      ...(count === 0
        ? []
        : [...lines, ...(rest > 0 ? [`    … and ${countText(rest)} more ranges`] : []), ...explained]),
    ];
  };
  const extra = result.extraDocuments;
  const lines = [
    `${result.topic} against ${oneLine(result.index)}: ${oneLine(result.by)}`,
    `  ${counted(result.partitions, "partition")}, ${counted(result.records, "record")}, ${counted(result.documents, "document")} compared in ${secondsText(tookMs)}`,
    ...finding("missing", missing, "records without a document"),
    ...finding(
      "doubled",
      doubled,
      `records with more than one${extra > 0 ? `: ${counted(extra, "document")} too many` : ""}`,
    ),
    ...finding(
      "changed",
      changed,
      result.mode === "content"
        ? "cannot be told without positions"
        : "documents with another content than their record",
    ),
    ...changes
      .slice(0, PRINTED_CHANGES)
      .map(
        ({ partition, offset, field, record, document }) =>
          `    ${partition}:${offset} ${oneLine(field)}: ${quoted(record)} in Kafka, ${document === null ? "absent" : quoted(document)} in the index`,
      ),
    ...finding("unknown", unknown, "documents without a record, or records that cannot be judged"),
    ...(unknownIds.length > 0 ? [`    for example ${oneLine(unknownIds.slice(0, 5).join(", "))}`] : []),
    ...minutes
      .slice(0, PRINTED_MINUTES)
      .map(
        ({ minute, missing: lost, doubled: twice }) =>
          `  ${minute.slice(0, 16)}Z: ${countText(lost)} missing, ${countText(twice)} doubled`,
      ),
    ...(minutes.length > PRINTED_MINUTES
      ? [`  … and ${counted(minutes.length - PRINTED_MINUTES, "more minute")}`]
      : []),
    ...result.notes.map((note) => `  note: ${oneLine(note)}`),
    `  ${verdict(result)}`,
  ];
  return `${lines.join("\n")}\n`;
}

function verdict({ clean, missing, doubled, changed, records }: AuditAgainst): string {
  if (records === 0) return "nothing to compare";
  if (clean) return "every record is in the index once";
  return [
    missing.count > 0 ? `${counted(missing.count, "record")} missing` : [],
    doubled.count > 0 ? `${countText(doubled.count)} more than once` : [],
    changed.count > 0 ? `${countText(changed.count)} changed` : [],
  ]
    .flat()
    .join(", ");
}
