import type { SourceRef, Specification } from "../model/declaration.ts";
import type { Plan } from "./plan.ts";

/** Defaults of options; options that are not listed default to null. */
export const usual: Readonly<Record<string, unknown>> = {
  startAt: "earliest",
  format: "text",
  rejected: "flatten",
  hold: false,
};

export type PlanKind = keyof Plan;

/** In the order of the plan's rows. */
export const planKinds: readonly PlanKind[] = ["start", "stop", "replace", "keep", "pending", "refused"];

/** A field of a topic's settings. Only `from`: its current value; only `to`: its next value. */
export interface PlanField {
  readonly field: string;
  readonly from?: unknown;
  readonly to?: unknown;
}

/** One row of a plan. */
export interface PlanRow {
  readonly kind: PlanKind;
  /** Null for a refusal without a topic. */
  readonly topic: string | null;
  readonly fields: readonly PlanField[];
  /** Null if unknown or irrelevant. */
  readonly source: SourceRef | Omit<SourceRef, "entry"> | null;
  readonly reason: string | null;
}

/** The rows of a plan: start, stop, replace, pending, refused and, on request, unchanged topics. */
export function planRows(plan: Plan, withKept: boolean): PlanRow[] {
  return [
    ...plan.start.map(({ spec, ...rest }) => ({ kind: "start" as const, fields: told("to", spec), ...rest })),
    ...plan.stop.map(({ spec, ...rest }) => ({ kind: "stop" as const, fields: told("from", spec), ...rest })),
    ...plan.replace.map(({ topic, source, reason, changes }) => ({
      kind: "replace" as const,
      topic,
      source,
      reason,
      fields: changes,
    })),
    ...plan.pending.map((entry) => ({ kind: "pending" as const, fields: [], ...entry })),
    ...plan.refused.map(({ source, name, reason, lastGoodKept }) => ({
      kind: "refused" as const,
      topic: name,
      source,
      reason: lastGoodKept ? `${reason}. What it said before is kept` : reason,
      fields: [],
    })),
    ...(withKept
      ? plan.keep.map((entry) => ({ kind: "keep" as const, fields: [], source: null, ...entry }))
      : []),
  ];
}

/** The index or data stream, and options that differ from their defaults. */
function told(side: "from" | "to", spec: Specification): PlanField[] {
  return targetOnce(spec)
    .filter(
      ([field, value]) =>
        field === "index" || (field !== "topic" && value !== null && usual[field] !== value),
    )
    .map(([field, value]) => (side === "from" ? { field, from: value } : { field, to: value }));
}

/** The fields of a specification. The name of a data stream stands in `index` too, which is left out then. */
export function targetOnce(spec: Specification): (readonly [field: string, value: unknown])[] {
  return Object.entries(spec).filter(([field]) => field !== "index" || spec.dataStream === null);
}

/** Whether carrying the plan out would do anything. */
export function doesAnything({ start, stop, replace }: Plan): boolean {
  return start.length + stop.length + replace.length > 0;
}

/** An option's value for people; lists are separated by commas. */
export function optionText(value: unknown): string {
  if (typeof value === "string") return value;
  const isList =
    Array.isArray(value) && value.length > 0 && value.every((entry) => typeof entry === "string");
  return isList ? value.join(", ") : JSON.stringify(value);
}
