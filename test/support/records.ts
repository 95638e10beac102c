import type { Specification } from "../../lib/rules/model/declaration.ts";
import type { SourceRecord } from "../../lib/rules/model/record.ts";
import { bareSpecification } from "../../lib/rules/model/specification.ts";

/** The specification of `{ topic: app }`, with the given changes. */
export function specification(changes: Partial<Specification> = {}): Specification {
  return { ...bareSpecification("app"), ...changes };
}

/** A record of 2026-01-02T03:04:05.678Z with the given value. */
export function sourceRecord(
  value: string | Buffer | null,
  changes: Partial<SourceRecord> = {},
): SourceRecord {
  return {
    partition: 0,
    offset: 0,
    timestamp: Date.UTC(2026, 0, 2, 3, 4, 5, 678),
    key: null,
    value: typeof value === "string" ? Buffer.from(value) : value,
    headers: [],
    ...changes,
  };
}
