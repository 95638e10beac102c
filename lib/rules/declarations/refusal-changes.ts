import type { Refusal } from "../model/declaration.ts";

/** Refusals by subject, so that each one is reported once. */
export type KnownRefusals = ReadonlyMap<string, Refusal>;

export interface RefusalChanges {
  readonly known: KnownRefusals;
  /** New since the last run, or with a new reason. */
  readonly fresh: readonly Refusal[];
  /** No longer refused: now accepted, or removed. */
  readonly over: readonly Refusal[];
}

/** Compares the refusals of two runs. */
export function refusalChanges(before: KnownRefusals, refused: readonly Refusal[]): RefusalChanges {
  const known = new Map(refused.map((refusal) => [subjectOf(refusal), refusal]));
  return {
    known,
    fresh: [...known].flatMap(([subject, one]) => (before.get(subject)?.reason === one.reason ? [] : [one])),
    over: [...before].flatMap(([subject, one]) => (known.has(subject) ? [] : [one])),
  };
}

/** The source and the name, or the position of an entry without a name. Excludes the revision, which changes while a fault stays. */
function subjectOf({ source, name }: Refusal): string {
  const place = "entry" in source ? source.entry : null;
  return JSON.stringify([source.kind, source.name, name ?? place]);
}
