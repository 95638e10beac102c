import { counted } from "../base/units.ts";
import { type Holdings, holdingsText, lateReading } from "../progress/holdings.ts";
import { type Check, checksOf } from "./check.ts";

const { ok, skipped, warning } = checksOf("elasticsearch");

/** A topic whose target deletes by age, and how far its group has read. */
export interface ReadingFacts {
  readonly topic: string;
  /** `index` of its specification. */
  readonly index: string;
  /** When its oldest unread record was written, in milliseconds since the epoch; null if all is read; or why that is unknown. */
  readonly oldestUnreadAt: number | null | { readonly unknown: string };
}

/** Whether a target may delete, or have deleted, by age: only then it matters how late its topic is read. */
export function deletesByAge({ kind, from, retentionMs }: Holdings): boolean {
  return kind === "data stream" ? retentionMs !== null : kind === "dated indices" && from !== null;
}

/** What a target holds, to follow the sentence about it: `: 5 generations, 3.1 GiB, …`; empty if nothing is known. */
export function heldText(holdings: Holdings | undefined, lead = ": "): string {
  if (holdings === undefined || holdings.kind === "absent") return "";
  const text = holdingsText(holdings);
  return text === "" ? "" : `${lead}${text}`;
}

/** @param held what each target holds */
export function judgeHoldings(held: ReadonlyMap<string, Holdings>): Check[] {
  const reasons = [...held].flatMap(([index, { reason }]) =>
    reason === null ? [] : [`${index}: ${reason}`],
  );
  const [first] = reasons;
  if (first === undefined) return [];
  const others = reasons.length === 1 ? "" : `; and ${counted(reasons.length - 1, "more target")}`;
  return [skipped("what targets hold", `not all is known of ${first}${others}`)];
}

/** @param others the number of topics that were not looked at */
export function judgeLateReading(
  readings: readonly ReadingFacts[],
  held: ReadonlyMap<string, Holdings>,
  now: number,
  others: number,
): Check[] {
  if (readings.length === 0) return [];
  const checks = readings.flatMap(({ topic, index, oldestUnreadAt }): Check[] => {
    const name = `late reading of ${topic}`;
    if (oldestUnreadAt !== null && typeof oldestUnreadAt === "object")
      return [skipped(name, `how late it is could not be found out: ${oldestUnreadAt.unknown}`)];
    const holdings = held.get(index);
    const late = holdings === undefined ? null : lateReading(index, holdings, oldestUnreadAt, now);
    return late === null ? [] : [warning(name, late, REMEDY)];
  });
  if (checks.length > 0) return checks;
  const rest = others === 0 ? "" : `; ${counted(others, "more topic")} not looked at`;
  return [ok("late reading", `no topic is read later than its target keeps documents${rest}`)];
}

const REMEDY =
  "read faster (more hosts, up to one for each partition), or keep documents longer: raise the retention, or the age at which indices are deleted";
