import { jsonMembers } from "../../../lib/rules/json/json-members.ts";
import { targetText } from "../../../lib/rules/model/specification.ts";
import { timestampFields } from "../../../lib/rules/model/declaration.ts";
import {
  type TriedGroup,
  triedOutcomes,
  type TriedOutcome,
  type TriedRecord,
  type TriedTopic,
} from "../../../lib/rules/trial/tried.ts";
import { alignColumns } from "../kit/columns.ts";

const words: Readonly<Record<TriedOutcome, string>> = {
  indexed: "would be indexed",
  "gave-way": "would be indexed in another form",
  skipped: "would be skipped",
  "dead-lettered": "would become dead letters",
  waits: "would wait, and the topic would stall",
  unknown: "unknown",
};
const MAX_SAMPLES = 3;
const MAX_GROUPS = 20;
const MAX_REASON = 300;
const MAX_VALUE = 160;

/** Whether each record ends in the index, or is meant to be skipped. */
export function isAllWritten({ outcomes }: TriedTopic): boolean {
  return outcomes["dead-lettered"] + outcomes.waits + outcomes.unknown === 0;
}

/** Formats a trial for people: counts, refusals grouped by reason, and a few documents. */
export function formatTried(tried: TriedTopic): string {
  const { spec, records, partitions, problem, notes, groups, targets, outcomes } = tried;
  if (records.length === 0) return `Topic "${spec.topic}" has no records to try.\n${notesText(notes)}`;
  const counts = triedOutcomes.flatMap((outcome) =>
    outcomes[outcome] === 0 ? [] : [[`  ${words[outcome]}`, `${outcomes[outcome]}`]],
  );
  const fields = targets.map(({ name, kind, records: count, fields: some }) => {
    const change = some === null ? "" : `, fields ${some.before} → ${some.after} of at most ${some.limit}`;
    const what = kind !== "new" ? kind : name === spec.dataStream ? "new data stream" : "new index";
    return `  ${what} ${name}: ${plural(count, "record")}${change}`;
  });
  const parts = [
    `Tried the last ${plural(records.length, "record")} of topic "${spec.topic}" (${plural(partitions, "partition")}) as ${spec.format} for ${targetText(spec)}:`,
    ...alignColumns(counts),
    ...(problem === null
      ? []
      : [`What Elasticsearch would do is unknown, or nothing could be written: ${problem}`]),
    ...groups.slice(0, MAX_GROUPS).map(groupText),
    countsText("@timestamp from", timesOf(tried)),
    countsText("Levels", tried.levels),
    countsText("Tags", tried.tags),
    countsText("Not searchable, by field", tried.ignored),
    ...(fields.length === 0 ? [] : ["Targets:", ...fields]),
    notesText(notes).trimEnd(),
    "Documents, as JSON in full with --json:",
    ...samplesOf(records).map(sampleText),
  ];
  return `${parts.filter((part) => part !== "").join("\n")}\n`;
}

function groupText({ outcome, type, field, text, records, first }: TriedGroup): string {
  const about = field === null ? "" : `, field ${field}`;
  const line = text.replaceAll(/\s+/g, " ");
  const said = line.length > MAX_REASON ? `${line.slice(0, MAX_REASON)}…` : line;
  return `- ${records} ${words[outcome]}: ${type}${about}: ${said} (first: partition ${first.partition}, offset ${first.offset})`;
}

function timesOf({ spec, times }: TriedTopic): Readonly<Record<string, number>> {
  const names = {
    field: `the field ${timestampFields(spec).join(" or ")}`,
    record: "the record's timestamp",
    pipeline: "a pipeline",
    reading: "the time of reading",
  };
  return Object.fromEntries(
    (["field", "record", "pipeline", "reading"] as const).flatMap((source) =>
      times[source] === undefined ? [] : [[names[source], times[source]] as const],
    ),
  );
}

function countsText(label: string, counts: Readonly<Record<string, number>>): string {
  const all = Object.entries(counts).map(([name, count]) => `${name} ${count}`);
  return all.length === 0 ? "" : `${label}: ${all.slice(0, MAX_GROUPS).join(", ")}`;
}

function notesText(notes: readonly string[]): string {
  return notes.map((note) => `Note: ${note}\n`).join("");
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/** The newest, and one of each other outcome. */
function samplesOf(records: readonly TriedRecord[]): readonly TriedRecord[] {
  const shown = records.filter(({ document }) => document !== null);
  const oneOfEach = triedOutcomes.flatMap((kind) => shown.find(({ outcome }) => outcome === kind) ?? []);
  const others = shown.filter((record) => !oneOfEach.includes(record));
  return [...oneOfEach, ...others].slice(0, MAX_SAMPLES);
}

function sampleText({ partition, offset, outcome, index, document, pipelines }: TriedRecord): string {
  const through = pipelines.length === 0 ? "" : `, through ${pipelines.join(", ")}`;
  const members = [...jsonMembers(document ?? "{}").values()].map(({ name, rawValue }) => {
    const value = rawValue.length > MAX_VALUE ? `${rawValue.slice(0, MAX_VALUE)}…` : rawValue;
    return `    ${name}: ${value}`;
  });
  return [
    `  partition ${partition}, offset ${offset}: ${words[outcome]}, ${index ?? ""}${through}`,
    ...members,
  ].join("\n");
}
