import type { Declaration, Specification } from "./declaration.ts";
import { fingerprintOf } from "../secrets/fingerprint.ts";
import { resolveIndex } from "./names.ts";

/** What a declaration says of one concrete topic that it names or covers. */
export function specify({ options }: Declaration, topic: string): Specification {
  return { topic, ...options, index: resolveIndex(options.index ?? topic, topic) };
}

/**
 * Tells whether a topic that runs has to be started anew. Outside of it: `startAt`, which says where to begin what was never
 * read. Kafka's settings are the host's, not the topic's: see `Flow.useSettings`.
 */
export function specificationHash(spec: Specification): string {
  const { startAt: _startAt, ...rest } = spec;
  return fingerprintOf(sorted(rest));
}

/** The fields of which two specifications differ, for a plan that people read. */
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

/** The order in which fields were written says nothing. */
function sorted(value: object): [string, unknown][] {
  return Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
}
