import { type Mapping, mappingOf } from "../json/object.ts";
import { fieldAt } from "../time/event-time.ts";
import type { TimeSource, TriedGroup, TriedOutcome, TriedRecord, TriedTopic } from "./tried.ts";
import { triedOutcomes } from "./tried.ts";

/** A record, with its document as it was sent, before pipelines; null if it has none. */
export interface SummedRecord extends TriedRecord {
  readonly sent: string | null;
}

type Counted = Pick<TriedTopic, "outcomes" | "times" | "levels" | "tags" | "ignored" | "groups">;

/** Counts what the records have in common. @param byField whether a field is declared to hold the event's own time */
export function summarize(records: readonly SummedRecord[], byField: boolean): Counted {
  const times = new Map<TimeSource, number>();
  const levels = new Map<string, number>();
  const tags = new Map<string, number>();
  const ignored = new Map<string, number>();
  for (const record of records) {
    for (const field of record.ignored) add(ignored, field);
    if (record.document === null || record.outcome === "skipped") continue;
    const document = mappingOf(JSON.parse(record.document));
    const sent = mappingOf(JSON.parse(record.sent ?? record.document));
    add(times, timeSource(document, sent, byField));
    const level = fieldAt(document, "log.level");
    add(levels, typeof level === "string" ? level : "none");
    for (const tag of tagsOf(document)) add(tags, tag);
  }
  const outcomes = Object.fromEntries(
    triedOutcomes.map((kind) => [kind, records.filter(({ outcome }) => outcome === kind).length]),
  );
  return {
    // eslint-disable-next-line typescript/no-unsafe-type-assertion -- made from all of them
    outcomes: outcomes as Record<TriedOutcome, number>,
    times: Object.fromEntries(times),
    levels: byCount(levels),
    tags: byCount(tags),
    ignored: byCount(ignored),
    groups: groupsOf(records),
  };
}

function groupsOf(records: readonly TriedRecord[]): TriedGroup[] {
  const groups = new Map<string, TriedGroup>();
  for (const { outcome, reason, partition, offset } of records) {
    if (reason === null) continue;
    const { type, field, text } = reason;
    // Reasons without a field often quote a value, so only their type is compared.
    const key = JSON.stringify([outcome, type, field]);
    const group = groups.get(key) ?? { outcome, type, field, text, records: 0, first: { partition, offset } };
    groups.set(key, { ...group, records: group.records + 1 });
  }
  return [...groups.values()].toSorted((a, b) => b.records - a.records);
}

function timeSource(document: Mapping, sent: Mapping, byField: boolean): TimeSource {
  if (document["@timestamp"] !== sent["@timestamp"]) return "pipeline";
  const own = tagsOf(sent);
  if (own.includes("timestamp_missing")) return "reading";
  return !byField || own.includes("timestamp_absent") || own.includes("timestamp_parse_failure")
    ? "record"
    : "field";
}

function tagsOf({ tags }: Mapping): readonly string[] {
  const list: readonly unknown[] = Array.isArray(tags) ? tags : [tags];
  return list.filter((tag) => typeof tag === "string");
}

function add<K>(counts: Map<K, number>, name: K): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}

function byCount(counts: ReadonlyMap<string, number>): Record<string, number> {
  return Object.fromEntries([...counts].toSorted(([, a], [, b]) => b - a));
}
