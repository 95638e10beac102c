import type { z } from "zod";
import type { Fault, Path } from "./problem.ts";
import { nearestName } from "../base/nearest-name.ts";

export type Checked<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly faults: readonly Fault[] };

/** Runs a schema and returns its issues as faults, each with one rule at one path. */
export function check<T>(schema: z.ZodType<T>, data: unknown): Checked<T> {
  const result = schema.safeParse(data, { reportInput: true });
  if (result.success) return { ok: true, value: result.data };
  const faults = result.error.issues.flatMap((issue) => faultsOf(issue, []));
  return { ok: false, faults };
}

type Issue = z.core.$ZodIssue;

function faultsOf(issue: Issue, base: Path): Fault[] {
  const path = [...base, ...issue.path.filter((segment) => typeof segment !== "symbol")];
  if (issue.code === "unrecognized_keys") {
    // `mapping` in scalars.ts puts the known keys into the message.
    const known = issue.message.split(" ");
    return issue.keys.map((key) => ({
      path: [...path, key],
      rule: unknownKeyRule(key, known),
      about: "key",
    }));
  }
  if (issue.code === "invalid_union") {
    // Report only the branch whose type fits: the value was meant for that one.
    const meant = issue.errors.find(
      (issues) => !issues.some((i) => i.path.length === 0 && i.code === "invalid_type"),
    );
    if (meant !== undefined) return meant.flatMap((inner) => faultsOf(inner, path));
  }
  if ("input" in issue && issue.input === undefined && issue.code !== "custom") {
    return [{ path, rule: "is required", about: "absence" }];
  }
  return [{ path, rule: issue.message, about: "value" }];
}

/** Keys of earlier versions. The refusal, also for etcd, gives the current name. */
export const formerNames: ReadonlyMap<string, string> = new Map([
  ["overflow", "rejected"],
  // Each topic used to have a group of its own with this prefix.
  ["groupPrefix", "group"],
]);

function unknownKeyRule(key: string, known: readonly string[]): string {
  const today = formerNames.get(key);
  if (today !== undefined && known.includes(today)) return `unknown key; it is now called "${today}"`;
  const nearest = nearestName(key, known);
  return nearest === null
    ? `unknown key (known: ${known.join(", ")})`
    : `unknown key; did you mean "${nearest}"?`;
}
