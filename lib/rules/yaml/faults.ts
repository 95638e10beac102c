import type { z } from "zod";
import type { Fault, Path } from "./problem.ts";
import { nearestName } from "../base/nearest-name.ts";

export type Checked<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly faults: readonly Fault[] };

/** Runs a schema; its issues come back as faults, each naming one rule at one path. */
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
    // `mapping` in scalars.ts puts the known keys where the message would be.
    const known = issue.message.split(" ");
    return issue.keys.map((key) => ({
      path: [...path, key],
      rule: unknownKeyRule(key, known),
      about: "key",
    }));
  }
  if (issue.code === "invalid_union") {
    // The branch that the value was meant for is the one whose own type fits; the others say nothing of use.
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

/** What an earlier version called them: they are refused with today's name, in etcd too. */
export const formerNames: ReadonlyMap<string, string> = new Map([
  ["overflow", "rejected"],
  // One group for all topics now, where each had one of its own below the prefix.
  ["groupPrefix", "group"],
]);

function unknownKeyRule(key: string, known: readonly string[]): string {
  const today = formerNames.get(key);
  if (today !== undefined && known.includes(today)) return `unknown key; it is called "${today}" now`;
  const nearest = nearestName(key, known);
  return nearest === null
    ? `unknown key (known: ${known.join(", ")})`
    : `unknown key; did you mean "${nearest}"?`;
}
