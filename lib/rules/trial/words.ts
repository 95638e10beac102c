import { timestampFields } from "../model/declaration.ts";
import type { TriedOutcome, TriedTarget, TriedTopic } from "./tried.ts";

/** What becomes of records, for people; follows their number. */
export const outcomeWords: Readonly<Record<TriedOutcome, string>> = {
  indexed: "would be indexed",
  "gave-way": "would be indexed in another form",
  skipped: "would be skipped",
  "dead-lettered": "would become dead letters",
  waits: "would wait, and the topic would stall",
  unknown: "unknown",
};

/** `the field time 43, the record's timestamp 6` */
export function timesText({ spec, times }: Pick<TriedTopic, "spec" | "times">): string {
  const named = {
    [`the field ${timestampFields(spec).join(" or ")}`]: times.field ?? 0,
    "the record's timestamp": times.record ?? 0,
    "a pipeline": times.pipeline ?? 0,
    "the time of reading": times.reading ?? 0,
  };
  return countsText(Object.fromEntries(Object.entries(named).filter(([, count]) => count > 0)));
}

const MAX_COUNTS = 20;

/** `info 15, warn 9`; empty if there are none. */
export function countsText(counts: Readonly<Record<string, number>>): string {
  const all = Object.entries(counts).map(([name, count]) => `${name} ${count}`);
  const more = all.length > MAX_COUNTS ? `, and ${all.length - MAX_COUNTS} more` : "";
  return `${all.slice(0, MAX_COUNTS).join(", ")}${more}`;
}

/** `new index app: 29 records, fields 18 → 28 of at most 1000` */
export function targetWords(
  { name, kind, records, fields }: TriedTarget,
  { spec }: Pick<TriedTopic, "spec">,
): string {
  const what = kind !== "new" ? kind : name === spec.dataStream ? "new data stream" : "new index";
  const change =
    fields === null ? "" : `, fields ${fields.before} → ${fields.after} of at most ${fields.limit}`;
  return `${what} ${name}: ${records} record${records === 1 ? "" : "s"}${change}`;
}
