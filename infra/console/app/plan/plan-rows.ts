import type { SourceRef, Specification } from "../../../../lib/rules/model/declaration.ts";
import type { Plan } from "../../../../lib/rules/plan/plan.ts";
import type { ReconcileAnswer } from "../../../api/reconcile.ts";
import { usual } from "./declaration-rows.ts";
import { exactCount } from "../text/format.ts";

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

/** `start 2, stop 1, replace 1`: the actions of a plan, without those it does not take. */
export function effectOf({ start, stop, replace }: Plan): string {
  return [
    ["start", start.length] as const,
    ["stop", stop.length] as const,
    ["replace", replace.length] as const,
  ]
    .filter(([, count]) => count > 0)
    .map(([word, count]) => `${word} ${exactCount(count)}`)
    .join(", ");
}

/** Whether more than half of this host's topics would stop, which is more likely a mistake than intended. */
export function stopsMost({ stop, replace, keep, pending }: Plan): boolean {
  return stop.length * 2 > stop.length + replace.length + keep.length + pending.length;
}

/** The result of an applied plan. */
export interface Outcome {
  /** `Started 2, stopped 1.` */
  readonly sentence: string;
  readonly failed: ReconcileAnswer["failed"];
  /** Whether the rest continues automatically. */
  readonly interrupted: boolean;
}

export function outcomeOf({ plan, failed, interrupted }: ReconcileAnswer): Outcome {
  const names = new Set(failed.map(({ topic }) => topic));
  const started = plan.start.filter(({ topic }) => !names.has(topic)).length;
  // One at a time, until one fails.
  const firstFailed = plan.replace.findIndex(({ topic }) => names.has(topic));
  const replaced = firstFailed < 0 ? plan.replace.length : firstFailed;
  const parts = [
    ["started", started] as const,
    ["stopped", plan.stop.length] as const,
    ["replaced", replaced] as const,
  ]
    .filter(([, count]) => count > 0)
    .map(([word, count]) => `${word} ${exactCount(count)}`);
  const text = parts.join(", ");
  return {
    sentence: text === "" ? "Nothing was started, stopped or replaced." : `${upperFirst(text)}.`,
    failed,
    interrupted,
  };
}

function upperFirst(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}
