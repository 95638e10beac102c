import type { Remedy } from "../remedies/remedy.ts";

/** What a check is about, in display order. */
export const AREAS = ["config", "host", "kafka", "elasticsearch", "etcd", "declarations"] as const;
export type Area = (typeof AREAS)[number];

export type CheckState = "ok" | "warning" | "failed" | "skipped";

/** One check of a host's environment, and its result. */
export interface Check {
  readonly area: Area;
  /** What was checked, in a few words. */
  readonly name: string;
  readonly state: CheckState;
  /** What was found, in one sentence. Never a secret. */
  readonly seen: string;
  /** What to do about it; null if nothing. */
  readonly remedy: string | null;
  /** A request to Elasticsearch or a shell command that does it; absent if none would. */
  readonly command?: string;
}

/** Makes checks of one area. */
export function checksOf(area: Area) {
  return {
    ok: (name: string, seen: string): Check => ({ area, name, state: "ok", seen, remedy: null }),
    skipped: (name: string, seen: string): Check => ({ area, name, state: "skipped", seen, remedy: null }),
    warning: (name: string, seen: string, remedy: string | Remedy): Check => ({
      area,
      name,
      state: "warning",
      seen,
      ...remedyMembers(remedy),
    }),
    failed: (name: string, seen: string, remedy: string | Remedy): Check => ({
      area,
      name,
      state: "failed",
      seen,
      ...remedyMembers(remedy),
    }),
  };
}

function remedyMembers(remedy: string | Remedy): Pick<Check, "remedy" | "command"> {
  if (typeof remedy === "string") return { remedy };
  return { remedy: remedy.do, ...(remedy.command !== null && { command: remedy.command }) };
}

/** A refused question, and why. */
export interface Refused {
  readonly refused: string;
}

export function isRefused(answer: unknown): answer is Refused {
  return typeof answer === "object" && answer !== null && "refused" in answer;
}

const NAMED = 10;

/** `a, b, c and 9 more`. */
export function namesText(names: readonly string[]): string {
  const shown = names.slice(0, NAMED).join(", ");
  return names.length > NAMED ? `${shown} and ${(names.length - NAMED).toLocaleString("en-US")} more` : shown;
}

/** Counts checks by state. */
export function tallyOf(checks: readonly Check[]): Readonly<Record<CheckState, number>> {
  const tally = { ok: 0, warning: 0, failed: 0, skipped: 0 };
  for (const { state } of checks) tally[state] += 1;
  return tally;
}
