import type { ReconcileResult } from "../../../../functions/reconcile-topics.ts";
import type { SourceRef, Specification } from "../../../../lib/rules/model/declaration.ts";
import type { Plan } from "../../../../lib/rules/plan/plan.ts";
import { usual } from "./declaration-rows.ts";
import { exactCount } from "../text/format.ts";

/** What POST /reconcile answers. */
export interface PlanAnswer extends Pick<
  ReconcileResult,
  "plan" | "hash" | "conflicts" | "sources" | "failed" | "interrupted" | "durationMs"
> {
  readonly dryRun: boolean;
}

export type PlanKind = keyof Plan;

/** In the order in which a plan is told. */
export const planKinds: readonly PlanKind[] = ["start", "stop", "replace", "keep", "pending", "refused"];

/** A field of a topic's settings; `from` alone is what it was, `to` alone what it will be. */
export interface PlanField {
  readonly field: string;
  readonly from?: unknown;
  readonly to?: unknown;
}

/** One line of a plan, whatever it does. */
export interface PlanRow {
  readonly kind: PlanKind;
  /** Null: a refusal that names none. */
  readonly topic: string | null;
  readonly fields: readonly PlanField[];
  /** Null: nobody knows, or it does not matter. */
  readonly source: SourceRef | Omit<SourceRef, "entry"> | null;
  readonly reason: string | null;
}

/** The lines of a plan: what starts, stops, is replaced, waits, is refused, and last, where wanted, what is left alone. */
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

/** The index, and what else is not as it is by default. */
function told(side: "from" | "to", spec: Specification): PlanField[] {
  return Object.entries(spec)
    .filter(
      ([field, value]) =>
        field === "index" || (field !== "topic" && value !== null && usual[field] !== value),
    )
    .map(([field, value]) => (side === "from" ? { field, from: value } : { field, to: value }));
}

/** Whether carrying the plan out would do anything. */
export function doesAnything({ start, stop, replace }: Plan): boolean {
  return start.length + stop.length + replace.length > 0;
}

/** `start 2, stop 1, replace 1`: what a plan does, without what it does not. */
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

/** True where more than half of the topics that this host has would stop: more likely a mistake than a wish. */
export function stopsMost({ stop, replace, keep, pending }: Plan): boolean {
  return stop.length * 2 > stop.length + replace.length + keep.length + pending.length;
}

/** What became of a plan that was carried out. */
export interface Outcome {
  /** `Started 2, stopped 1.` */
  readonly sentence: string;
  readonly failed: PlanAnswer["failed"];
  /** True: the rest goes on by itself. */
  readonly interrupted: boolean;
}

export function outcomeOf({ plan, failed, interrupted }: PlanAnswer): Outcome {
  const names = new Set(failed.map(({ topic }) => topic));
  const started = plan.start.filter(({ topic }) => !names.has(topic)).length;
  // One at a time, up to the first that fails.
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
