import { jsonMembers } from "../../../lib/rules/json/json-members.ts";
import { targetText } from "../../../lib/rules/model/specification.ts";
import {
  type TriedGroup,
  triedOutcomes,
  type TriedRecord,
  type TriedTopic,
} from "../../../lib/rules/trial/tried.ts";
import { countsText, outcomeWords, targetWords, timesText } from "../../../lib/rules/trial/words.ts";
import { alignColumns } from "../kit/columns.ts";

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
  const noteLines = notes.map((note) => `Note: ${note}`);
  if (records.length === 0)
    return `${[`Topic "${spec.topic}" has no records to try.`, ...noteLines].join("\n")}\n`;
  const counts = triedOutcomes.flatMap((outcome) =>
    outcomes[outcome] === 0 ? [] : [[`  ${outcomeWords[outcome]}`, `${outcomes[outcome]}`]],
  );
  const facts = [
    ["@timestamp from", timesText(tried)],
    ["Levels", countsText(tried.levels)],
    ["Tags", countsText(tried.tags)],
    ["Not searchable, by field", countsText(tried.ignored)],
  ].flatMap(([label, text]) => (text === "" ? [] : [`${label}: ${text}`]));
  const lines = [
    `Tried the last ${plural(records.length, "record")} of topic "${spec.topic}" (${plural(partitions, "partition")}) as ${spec.format} for ${targetText(spec)}:`,
    ...alignColumns(counts),
    ...(problem === null ? [] : [`Problem: ${problem}`]),
    ...groups.slice(0, MAX_GROUPS).map(groupText),
    ...facts,
    ...(targets.length === 0 ? [] : ["Targets:"]),
    ...targets.map((target) => `  ${targetWords(target, tried)}`),
    ...noteLines,
    "Documents, in full with --json:",
    ...samplesOf(records).flatMap(sampleLines),
  ];
  return `${lines.join("\n")}\n`;
}

function groupText({ outcome, type, field, text, records, first }: TriedGroup): string {
  const about = field === null ? "" : `, field ${field}`;
  const line = text.replaceAll(/\s+/g, " ");
  const said = line.length > MAX_REASON ? `${line.slice(0, MAX_REASON)}…` : line;
  return `- ${records} ${outcomeWords[outcome]}: ${type}${about}: ${said} (first: partition ${first.partition}, offset ${first.offset})`;
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

function sampleLines({ partition, offset, outcome, index, document, pipelines }: TriedRecord): string[] {
  const through = pipelines.length === 0 ? "" : `, through ${pipelines.join(", ")}`;
  const members = [...jsonMembers(document ?? "{}").values()].map(({ name, rawValue }) => {
    const value = rawValue.length > MAX_VALUE ? `${rawValue.slice(0, MAX_VALUE)}…` : rawValue;
    return `    ${name}: ${value}`;
  });
  return [
    `  partition ${partition}, offset ${offset}: ${outcomeWords[outcome]}, ${index ?? ""}${through}`,
    ...members,
  ];
}
