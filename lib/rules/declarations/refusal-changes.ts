import type { Refusal } from "../model/declaration.ts";

/** Refusals by what is refused: told once each, not at every look. */
export type KnownRefusals = ReadonlyMap<string, Refusal>;

export interface RefusalChanges {
  readonly known: KnownRefusals;
  /** Refused since the last look, or for another reason. */
  readonly fresh: readonly Refusal[];
  /** No longer: taken now, or no longer there. */
  readonly over: readonly Refusal[];
}

/** What is new of what is refused. */
export function refusalChanges(before: KnownRefusals, refused: readonly Refusal[]): RefusalChanges {
  const known = new Map(refused.map((refusal) => [subjectOf(refusal), refusal]));
  return {
    known,
    fresh: [...known].flatMap(([subject, one]) => (before.get(subject)?.reason === one.reason ? [] : [one])),
    over: [...before].flatMap(([subject, one]) => (known.has(subject) ? [] : [one])),
  };
}

/** The source and what it names there, or the place, for entries that have no name; revisions change while a fault stays. */
function subjectOf({ source, name }: Refusal): string {
  const place = "entry" in source ? source.entry : null;
  return JSON.stringify([source.kind, source.name, name ?? place]);
}
