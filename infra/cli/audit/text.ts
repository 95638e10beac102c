import { counted, countText } from "../../../lib/rules/base/units.ts";
import { oneLine } from "../../../lib/rules/base/visible-text.ts";
import type { OffsetRanges } from "../../../lib/rules/audit/offset-ranges.ts";
import type { PartitionAudit } from "../../../lib/rules/audit/partition-audit.ts";
import {
  totalsOf,
  verdictOf,
  type AuditPass,
  type TopicAudit,
} from "../../../lib/rules/audit/topic-audit.ts";

/** How the audit of one topic ended. */
export type AuditEnd =
  | { readonly kind: "audited"; readonly audit: TopicAudit }
  /** The topic is not in Kafka; the reason is a phrase. */
  | { readonly kind: "absent"; readonly topic: string; readonly reason: string }
  | { readonly kind: "failed"; readonly topic: string; readonly reason: string };

/** For each kind and topic; further ones are only counted. */
const PRINTED_RANGES = 1_000;

/** The report on one topic, for a person. */
export function formatEnd(end: AuditEnd): string {
  if (end.kind === "absent") return `${end.topic}: nothing to audit: ${oneLine(end.reason)}\n`;
  if (end.kind === "failed") return `${end.topic}: the audit failed: ${oneLine(end.reason)}\n`;
  const { audit } = end;
  const { found, repair, after } = audit;
  const totals = totalsOf(found);
  const lines = [
    `${audit.topic} → ${oneLine(audit.index)}, group ${audit.groupId}`,
    `  ${counted(totals.partitions, "partition")}, ${counted(totals.offsets, "offset")} checked`,
    ...countRows([
      ["indexed", totals.indexed, ""],
      ["dead-lettered", totals.deadLettered, ""],
      ["elsewhere", totals.elsewhere, "found by their ids, in another index or indexed meanwhile"],
      ["null value", totals.nulls, "nothing to index"],
      ["not records", totals.notRecords, "transaction markers, aborted or compacted"],
      ["skipped", totals.skipped, "a rewind went forward over them; rewind back to index them"],
      ["expired", totals.expired, "their index was deleted or closed"],
      [
        "dropped or missing",
        totals.dropped,
        "the ingest pipeline may have dropped them; find out with --repair",
      ],
    ]),
    ...rangesOf(
      "skipped by rewind",
      found,
      ({ skipped }) => skipped,
      () => "",
    ),
    ...rangesOf("expired", found, ({ expired }) => expired),
    ...rangesOf("dropped or missing", found, ({ dropped }) => dropped),
    ...rangesOf("gaps", found, ({ gaps }) => gaps, asRemark),
    ...rangesOf("doubles", found, ({ doubles }) => doubles),
    ...audit.notes.map((note) => `  note: ${oneLine(note)}`),
  ];
  if (found.belowLog > 0) {
    lines.push(
      `  note: ${counted(found.belowLog, "document")} with offsets that Kafka has deleted: not audited`,
    );
  }
  if (totals.stale > 0) {
    lines.push(
      `  note: ${counted(totals.stale, "document")} of an older topic with this name and the same offsets: not counted`,
    );
  }
  if (found.foreign > 0) {
    lines.push(
      `  note: ${counted(found.foreign, "document")} with ids that Penstock does not assign: not counted`,
    );
  }
  if (audit.removedDoubles !== null && audit.removedDoubles > 0) {
    lines.push(`  removed: ${counted(audit.removedDoubles, "document")}, the other copies of doubles`);
  }
  if (repair !== null && after !== null) {
    const did = Object.entries(repair).flatMap(([kind, count]) =>
      count > 0 ? `${countText(count)} ${repairWords[kind] ?? kind}` : [],
    );
    lines.push(`  repaired: ${did.join(", ")}`);
    lines.push(...rangesOf("gaps after the repair", after, ({ gaps }) => gaps, asRemark));
  }
  return `${[...lines, `  ${verdictText(audit)}`].join("\n")}\n`;
}

const asRemark = (label: string): string => `, ${label}`;

const repairWords: Readonly<Record<string, string>> = {
  duplicate: "already indexed",
  skipped: "dropped by the pipeline",
};

/** The last line, about all topics. */
export function formatSummary(ends: readonly AuditEnd[], [one, more] = ["topic", "topics"]): string {
  let offsets = 0;
  let gaps = 0;
  let doubles = 0;
  let undecided = 0;
  let unknown = 0;
  for (const end of ends) {
    if (end.kind !== "audited") continue;
    const verdict = verdictOf(end.audit);
    offsets += totalsOf(end.audit.found).offsets;
    gaps += verdict.gaps;
    doubles += verdict.doubles;
    undecided += verdict.undecided;
    unknown += end.audit.unknownPartitions;
  }
  const failed = ends.filter(({ kind }) => kind === "failed").length;
  const absent = ends.filter(({ kind }) => kind === "absent").length;
  const missing =
    absent === 0 ? "" : ` (${countText(absent)} more ${absent === 1 ? "is" : "are"} not in Kafka)`;
  const scope = `${counted(ends.length - absent, one, more)}${missing}, ${counted(offsets, "offset")}`;
  const nothing = offsets === 0 && unknown + failed === 0;
  const verdict = nothing
    ? "nothing to account for"
    : sentence({ gaps, doubles, undecided, unknown, failed });
  return `${scope}: ${verdict}\n`;
}

/** True if nothing is missing, doubled or failed. */
export function isClean(ends: readonly AuditEnd[]): boolean {
  return ends.every((end) => end.kind === "absent" || (end.kind === "audited" && verdictOf(end.audit).clean));
}

/** The whole result as JSON. */
export function endsAsJson(ends: readonly AuditEnd[]): string {
  const topics = ends.map((end) => {
    if (end.kind !== "audited") return { topic: end.topic, state: end.kind, reason: end.reason };
    const { audit } = end;
    return { state: end.kind, verdict: verdictOf(audit), totals: totalsOf(audit.found), ...audit };
  });
  return `${JSON.stringify({ clean: isClean(ends), topics }, null, 2)}\n`;
}

function verdictText(audit: TopicAudit): string {
  if (totalsOf(audit.found).offsets === 0 && audit.unknownPartitions === 0) return "nothing to account for";
  return sentence({ ...verdictOf(audit), unknown: audit.unknownPartitions, failed: 0 });
}

interface Shortfall {
  readonly gaps: number;
  readonly doubles: number;
  readonly undecided: number;
  readonly unknown: number;
  readonly failed: number;
}

function sentence({ gaps, doubles, undecided, unknown, failed }: Shortfall): string {
  const wrong = [
    gaps > 0 ? `${counted(gaps, "record")} missing` : [],
    doubles > 0 ? `${counted(doubles, "record")} more than once` : [],
    failed > 0 ? `${counted(failed, "topic")} failed` : [],
  ].flat();
  const open = [
    undecided > 0 ? `${counted(undecided, "record")} dropped by the pipeline, or missing` : [],
    unknown > 0 ? `${counted(unknown, "partition")} not audited` : [],
  ].flat();
  if (wrong.length > 0) return [...wrong, ...open].join(", ");
  return open.length > 0
    ? `no gaps, no doubles; not accounted for: ${open.join(", ")}`
    : "every record accounted for";
}

/** Aligned rows. A zero is left out, except for `indexed`. */
function countRows(rows: readonly (readonly [string, number, string])[]): string[] {
  const shown = rows.filter(([name, count]) => count > 0 || name === "indexed");
  const nameWidth = Math.max(...shown.map(([name]) => name.length));
  const countWidth = Math.max(...shown.map(([, count]) => countText(count).length));
  return shown.map(([name, count, meaning]) => {
    const remark = meaning === "" ? "" : `  (${meaning})`;
    return `  ${name.padEnd(nameWidth)}  ${countText(count).padStart(countWidth)}${remark}`;
  });
}

/** @param say puts a range's label into words */
function rangesOf(
  title: string,
  pass: AuditPass,
  of: (partition: PartitionAudit) => OffsetRanges,
  say = (label: string): string => ` in ${label}`,
): string[] {
  const all = pass.partitions.map((audit) => ({ partition: audit.partition, ...of(audit) }));
  const rangeCount = all.reduce((sum, one) => sum + one.rangeCount, 0);
  if (rangeCount === 0) return [];
  const offsetCount = all.reduce((sum, one) => sum + one.offsetCount, 0);
  const kept = all.flatMap(({ partition, ranges }) => ranges.map((range) => ({ partition, ...range })));
  const printed = kept.slice(0, PRINTED_RANGES).map(({ partition, start, end, label }) => {
    const offsets = end - start === 1 ? String(start) : `${start}–${end - 1}`;
    return `    partition ${partition}: ${offsets} (${counted(end - start, "record")})${label === "" ? "" : say(label)}`;
  });
  const rest = rangeCount - printed.length;
  return [
    `  ${title}: ${counted(offsetCount, "record")} in ${counted(rangeCount, "range")}`,
    ...printed,
    ...(rest > 0 ? [`    … and ${countText(rest)} more`] : []),
  ];
}
