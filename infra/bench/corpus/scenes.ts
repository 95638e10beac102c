import { hasField, parseObject } from "./json-strings.ts";
import type { CorpusRecord } from "../load/material.ts";
import { seededRandom } from "../kit/random.ts";

/** The records of one topic, in order, and its declaration. */
export interface CorpusScene {
  /** A source alone, or a mix and its order. */
  readonly name: string;
  readonly kind: "alone" | "mixed";
  readonly format: "text" | "json";
  readonly timestamp: readonly string[];
  readonly records: readonly CorpusRecord[];
}

/** Topics that many services share. A source names its groups. */
const MIXES = ["15 services", "41 applications", "20 security sources", "container"];

/** Each source in a topic of its own. */
export function scenesAlone(records: readonly CorpusRecord[]): CorpusScene[] {
  return [...bySource(records)].map(([name, own]) => ({
    name,
    kind: "alone",
    format: own[0]?.source.format ?? "text",
    timestamp: own[0]?.source.timestamp ?? [],
    records: own,
  }));
}

/** Each mix in three orders, because the first record decides how an index maps a field. */
export function scenesMixed(records: readonly CorpusRecord[], seed: number): CorpusScene[] {
  return MIXES.flatMap((mix) => {
    const all = records.filter(({ source }) => source.groups.includes(mix));
    const timestamp = commonestFirst(all);
    const mixed = all.map((record) => withKnownTime(record, timestamp));
    return Object.entries({
      "round robin": mixed.toSorted((a, b) => a.n - b.n),
      blocks: mixed,
      shuffled: seededRandom(seed).shuffled(mixed),
    }).map(([order, inOrder]) => ({
      name: `${mix}, ${order}`,
      kind: "mixed" as const,
      format: "json" as const,
      timestamp,
      records: inOrder,
    }));
  });
}

function bySource(records: readonly CorpusRecord[]): Map<string, CorpusRecord[]> {
  return Map.groupBy(records, ({ source }) => source.name);
}

/** The limit of a declaration. */
const MAX_TIMESTAMPS = 10;

/** What the owner of such a topic would declare: the names that most of its services use. */
function commonestFirst(records: readonly CorpusRecord[]): string[] {
  const sources = [...new Set(records.map(({ source }) => source))];
  const counts = new Map<string, number>();
  for (const name of sources.flatMap(({ timestamp }) => timestamp))
    counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts]
    .toSorted(([, a], [, b]) => b - a)
    .map(([name]) => name)
    .slice(0, MAX_TIMESTAMPS);
}

/** Drops the known time of a record in which another program's name comes first: the right time is not known then. */
function withKnownTime(record: CorpusRecord, timestamp: readonly string[]): CorpusRecord {
  const object = parseObject(record.value.toString());
  const first = object === null ? undefined : timestamp.find((name) => hasField(object, name));
  const isOwn = first !== undefined && record.source.timestamp.includes(first);
  return isOwn ? record : { ...record, timeMs: null };
}
