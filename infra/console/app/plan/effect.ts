import type { Plan } from "../../../../lib/rules/plan/plan.ts";
import type { ReconcileAnswer } from "../../../api/reconcile.ts";
import { exactCount } from "../text/format.ts";

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
