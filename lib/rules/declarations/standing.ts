import type { Declaration, SourceRef } from "../model/declaration.ts";
import type { Merged } from "./desired.ts";

/** How one declaration fares among all of them. */
export interface Standing {
  /** `overridden`: every topic it names or covers is run by another declaration. */
  readonly state: "in force" | "overridden" | "refused";
  /** How many topics run by it. */
  readonly topics: number;
  /** By which its topic runs instead, of a pattern that of its first topic; null: it is not overridden. */
  readonly overriddenBy: SourceRef | null;
  /** Why it is not taken though it can be read; null: it is taken. */
  readonly refused: string | null;
}

/** Tells the standing of each declaration that was merged. */
export function standingsOf({ desired, refused }: Merged): (declaration: Declaration) => Standing {
  const wins = new Map<string, number>();
  const winners = new Map<string, SourceRef>();
  for (const { sources } of desired.values()) {
    const [winner, ...losers] = sources;
    if (winner === undefined) continue;
    wins.set(placeOf(winner), (wins.get(placeOf(winner)) ?? 0) + 1);
    for (const loser of losers) {
      if (!winners.has(placeOf(loser))) winners.set(placeOf(loser), winner);
    }
  }
  // A pattern of which single topics are refused still stands.
  const reasons = new Map(
    refused.flatMap(({ source, name, reason }) =>
      "entry" in source ? [[`${placeOf(source)} ${name}`, reason] as const] : [],
    ),
  );
  return ({ source, target }) => {
    const place = placeOf(source);
    const topics = wins.get(place) ?? 0;
    const overriddenBy = topics > 0 ? null : (winners.get(place) ?? null);
    const reason = target.kind === "topic" ? (reasons.get(`${place} ${target.topic}`) ?? null) : null;
    if (reason !== null) return { state: "refused", topics, overriddenBy, refused: reason };
    return { state: overriddenBy === null ? "in force" : "overridden", topics, overriddenBy, refused: null };
  };
}

function placeOf({ kind, name, entry }: SourceRef): string {
  return JSON.stringify([kind, name, entry]);
}
