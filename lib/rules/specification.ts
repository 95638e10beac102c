import type { Declaration, Specification } from "./declaration.ts";
import { fingerprintOf } from "./fingerprint.ts";
import { resolveIndex } from "./names.ts";
import type { KafkaSettings } from "./settings.ts";

/** What a declaration says of one concrete topic that it names or covers. */
export function specify({ options }: Declaration, topic: string): Specification {
  return { topic, ...options, index: resolveIndex(options.index ?? topic, topic) };
}

/**
 * Tells whether a running consumer has to be replaced. Outside of it: `startAt`, which says where a group begins
 * that never read, and `kafka.inFlight`, which bounds the host and is changed without touching any consumer.
 * Passwords and keys are in it, so it is for comparing within this process: what people see is `planHash`.
 */
export function specificationHash(spec: Specification, kafka: KafkaSettings): string {
  const { startAt: _startAt, ...ofTopic } = spec;
  const { inFlightMaxBytes: _inFlightMaxBytes, ...ofKafka } = kafka;
  return fingerprintOf([sorted(ofTopic), sorted(ofKafka)]);
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
