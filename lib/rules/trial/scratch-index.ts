import { isObject, type Mapping, mappingOf } from "../json/object.ts";

/**
 * Names of the indices that a trial creates and removes. No topic's index has such a name unless somebody chooses it, and
 * no template of ours covers it, so it is in none of our aliases.
 */
export const scratchPattern = "penstock-try-*";
const scratchNamePattern = /^penstock-try-(\d{13})-[0-9a-f]{8}$/;
/** Much longer than a trial may take. Until then, the index may belong to one that still runs. */
const LEFT_BEHIND_MS = 10 * 60_000;

/** @param suffix eight hexadecimal digits */
export function scratchName(nowMs: number, suffix: string): string {
  return `penstock-try-${String(nowMs).padStart(13, "0")}-${suffix}`;
}

/** Whether the index was left behind by a trial that was killed: its name says when it was created. */
export function isLeftBehind(name: string, nowMs: number): boolean {
  const createdMs = scratchNamePattern.exec(name)?.[1];
  return createdMs !== undefined && nowMs - Number(createdMs) > LEFT_BEHIND_MS;
}

/** Settings that decide what becomes of a document. The others are about storage, or belong to one index alone. */
const decisive =
  /^index\.(?:(?:analysis|mapping|similarity|sort|time_series)\..+|mode|routing_path|max_\w+|routing\.allocation\.include\._tier_preference)$/;

/**
 * The body that creates a scratch index as its target maps documents. It is hidden, so that no wildcard finds it and no
 * template for all indices (`*`) applies. Pipelines have run before a document gets there.
 * @param settings of the target, nested as Elasticsearch shows them
 */
export function scratchBody({ mappings, settings }: { mappings: Mapping; settings: Mapping }): object {
  const kept = [...flatSettings(settings)].filter(([name]) => decisive.test(name));
  return {
    settings: {
      ...Object.fromEntries(kept),
      "index.hidden": true,
      "index.number_of_shards": 1,
      "index.number_of_replicas": 0,
      "index.refresh_interval": -1,
      "index.default_pipeline": "_none",
      "index.final_pipeline": "_none",
    },
    mappings,
  };
}

const stored =
  /^index\.(?:number_of_(?:shards|replicas)|(?:default|final)_pipeline|refresh_interval|codec|query\..+)$/;

/** The settings that another index like this one gets, by full name. */
export function keptSettings(settings: Mapping): Mapping {
  const kept = [...flatSettings(settings)].filter(([name]) => decisive.test(name) || stored.test(name));
  return Object.fromEntries(kept);
}

/** By full name, such as `index.mapping.total_fields.limit`. */
export function flatSettings(settings: unknown, outer = ""): Map<string, unknown> {
  if (!isObject(settings)) return new Map([[outer, settings]]);
  const all = new Map<string, unknown>();
  for (const [name, value] of Object.entries(settings)) {
    const path = outer === "" ? name : `${outer}.${name}`;
    for (const [inner, its] of flatSettings(value, path)) all.set(inner, its);
  }
  return all;
}

/** The pipelines that an index runs by itself. */
export function pipelinesOf(settings: Mapping): readonly string[] {
  const all = flatSettings(settings);
  return ["index.default_pipeline", "index.final_pipeline"].flatMap((name) => {
    const pipeline = all.get(name);
    return typeof pipeline === "string" && pipeline !== "_none" ? [pipeline] : [];
  });
}

/** Elasticsearch's default of `index.mapping.total_fields.limit`. */
const defaultLimit = 1_000;

export function fieldLimitOf(settings: Mapping): number {
  return Number(flatSettings(settings).get("index.mapping.total_fields.limit") ?? defaultLimit);
}

/** The number of fields as Elasticsearch counts them against the limit: objects and multi-fields too. */
export function fieldCountOf({ properties, runtime }: Mapping): number {
  return countedIn(properties) + Object.keys(mappingOf(runtime)).length;
}

function countedIn(fields: unknown): number {
  const inside = Object.values(mappingOf(fields)).map(mappingOf);
  return inside.reduce(
    (count, { properties, fields: more }) => count + 1 + countedIn(properties) + countedIn(more),
    0,
  );
}
