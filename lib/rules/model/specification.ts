import type { Declaration, Specification } from "./declaration.ts";
import { fingerprintOf } from "../secrets/fingerprint.ts";
import { dataStreamNeededRule, isDataStreamName } from "./data-stream.ts";
import { resolvedIndexFault, resolveIndex } from "./names.ts";

/** Applies a declaration to one concrete topic that it names or covers. */
export function specify({ options }: Declaration, topic: string): Specification {
  const index = resolveIndex(options.dataStream ?? options.index ?? topic, topic);
  return { topic, ...options, index, dataStream: options.dataStream === null ? null : index };
}

/** Writes to the index instead, which is the specification's own data stream only if it has that name. */
export function withIndex(spec: Specification, index: string): Specification {
  return { ...spec, index, dataStream: spec.dataStream === index ? index : null };
}

/** What a topic is written to, for people: `index "app"`. */
export function targetText({ index, dataStream }: Specification): string {
  return `${dataStream === null ? "index" : "data stream"} "${index}"`;
}

/** Why Elasticsearch would not accept the name that the topic is written to, as a predicate of the topic; null if it would. */
export function targetFault({ index, dataStream }: Specification): string | null {
  if (dataStream !== null) return isDataStreamName(dataStream) ? null : dataStreamNeededRule;
  return resolvedIndexFault(index);
}

/**
 * A running topic restarts if this hash changes. `startAt` is excluded, because it only matters before the first commit,
 * `path`, which the running topic takes over (the machines that declare a topic come and go), and `hold`, because a held
 * topic keeps its partitions. Kafka's settings belong to the host, not to the topic: see `Flow.useSettings`.
 */
export function specificationHash(spec: Specification): string {
  const { startAt: _startAt, path: _path, hold: _hold, ...rest } = spec;
  return fingerprintOf(sorted(rest));
}

/** A field in which two specifications differ, shown in a plan. */
export interface FieldChange {
  readonly field: string;
  readonly from: unknown;
  readonly to: unknown;
}

export function specificationChanges(from: Specification, to: Specification): FieldChange[] {
  const before = new Map<string, unknown>(Object.entries(from));
  return Object.entries(to)
    .map(([field, value]) => ({ field, from: before.get(field), to: value as unknown }))
    .filter((change) => JSON.stringify(change.from) !== JSON.stringify(change.to));
}

/** Where two declarations of one topic contradict each other. Paths do not: each is that of the machine with the file. */
export function contradictions(from: Specification, to: Specification): FieldChange[] {
  return specificationChanges(from, to).filter(({ field }) => field !== "path");
}

/** Makes the hash independent of the order of fields. */
function sorted(value: object): [string, unknown][] {
  return Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
}

/** The specification of a declaration with only a topic. */
export function bareSpecification(topic: string): Specification {
  return {
    topic,
    path: null,
    index: topic,
    startAt: "earliest",
    format: "text",
    timestamp: null,
    message: null,
    pipeline: null,
    dataStream: null,
    retention: null,
    rejected: "flatten",
    hold: false,
  };
}
