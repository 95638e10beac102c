import type { Declaration, SourceRef } from "../model/declaration.ts";
import type { Merged } from "./desired.ts";

/** The effect of one declaration among all of them. */
export interface Standing {
  /** `overridden` if other declarations decide for every topic it names or covers. */
  readonly state: "in force" | "overridden" | "refused";
  /** The number of topics that it decides for. */
  readonly topics: number;
  /** The winner for its topic, or for the first topic of a pattern; null if not overridden. */
  readonly overriddenBy: SourceRef | null;
  /** True if it is overridden by declarations that say the same, but for their paths. */
  readonly alike?: true;
  /** True if others declare other paths for its topic, so that only a record's header says which is its own. */
  readonly pathVaries?: true;
  /** Why it is refused although readable; null if accepted. */
  readonly refused: string | null;
  /**
   * Set if its `retention` does not count for its topic, or for some topic of a pattern: another topic of the same data
   * stream asks for a longer one.
   */
  readonly overruled?: OverruledRetention;
}

/** The retention that a data stream has instead of a declared one. */
export interface OverruledRetention {
  readonly dataStream: string;
  /** Null if the other declaration sets none, so that nothing is deleted on its account. */
  readonly retention: string | null;
  /** The declaration that counts. */
  readonly by: SourceRef;
}

/** @returns the standing of each merged declaration */
export function standingsOf({ desired, conflicts, refused }: Merged): (declaration: Declaration) => Standing {
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
  // All topics of a stream have the same by now.
  const retentionOf = new Map([...desired.values()].map(({ spec }) => [spec.dataStream, spec.retention]));
  // Refusing single topics of a pattern does not refuse the pattern.
  const reasons = new Map(
    refused.flatMap(({ source, name, reason }) =>
      "entry" in source ? [[`${placeOf(source)} ${name}`, reason] as const] : [],
    ),
  );
  const contradicted = new Set(
    conflicts.flatMap(({ loser, dataStream }) => (dataStream === undefined ? [placeOf(loser)] : [])),
  );
  const varying = new Set(
    [...desired.values()].flatMap(({ paths = [] }) => paths.map(({ source }) => placeOf(source))),
  );
  const overruled = new Map<string, OverruledRetention>();
  for (const { dataStream, loser, winner: by } of conflicts) {
    if (dataStream === undefined || overruled.has(placeOf(loser))) continue;
    overruled.set(placeOf(loser), { dataStream, retention: retentionOf.get(dataStream) ?? null, by });
  }
  return ({ source, target }) => {
    const place = placeOf(source);
    const topics = wins.get(place) ?? 0;
    const overriddenBy = topics > 0 ? null : (winners.get(place) ?? null);
    const reason = target.kind === "topic" ? (reasons.get(`${place} ${target.topic}`) ?? null) : null;
    if (reason !== null) return { state: "refused", topics, overriddenBy, refused: reason };
    const path = varying.has(place) ? ({ pathVaries: true } as const) : {};
    if (overriddenBy !== null) {
      const same = contradicted.has(place) ? {} : ({ alike: true } as const);
      return { state: "overridden", topics, overriddenBy, refused: null, ...same, ...path };
    }
    const other = overruled.get(place);
    const effect = { state: "in force", topics, overriddenBy, refused: null, ...path } as const;
    return other === undefined ? effect : { ...effect, overruled: other };
  };
}

function placeOf({ kind, name, entry }: SourceRef): string {
  return JSON.stringify([kind, name, entry]);
}
