import type { SourceRef, Specification } from "../../lib/rules/model/declaration.ts";
import { bareSpecification } from "../../lib/rules/model/specification.ts";
import type { Plan } from "../../lib/rules/plan/plan.ts";

/** Where all topics of {@link start}, {@link stop} and {@link replace} are declared. */
export const source: SourceRef = { kind: "etcd", name: "logs/a", revision: 7, entry: 0 };
export const empty: Plan = { start: [], stop: [], replace: [], keep: [], pending: [], refused: [] };

function spec(topic: string, changes: Partial<Specification> = {}): Specification {
  return { ...bareSpecification(topic), ...changes };
}

export const start = (topic: string, changes?: Partial<Specification>) => ({
  topic,
  source,
  spec: spec(topic, changes),
  reason: "declared",
});
export const stop = (topic: string) => ({ topic, source, spec: spec(topic), reason: "gone" });
export const replace = (topic: string) => ({
  ...start(topic),
  changes: [{ field: "index", from: "old", to: "new" }],
});
export const keep = (topic: string) => ({ topic, reason: null });
