import type { Declaration, SourceRef } from "../model/declaration.ts";
import type { FieldChange } from "../model/specification.ts";

/** What became of one declaration between two readings of its source. */
export interface DeclarationChange {
  /** The topic or pattern that it names. */
  readonly target: { readonly topic: string } | { readonly pattern: string };
  readonly source: SourceRef;
  readonly change: "added" | "removed" | "changed";
  /** Of a changed one. */
  readonly changes: readonly FieldChange[];
}

/** Compares by source and name: neither the revision of a key nor the place of an entry matters. */
export function declarationChanges(
  before: readonly Declaration[],
  after: readonly Declaration[],
): readonly DeclarationChange[] {
  // As at every reading of sources that did not change: what they declare is parsed once.
  if (before.length === after.length && before.every((one, place) => one === after[place])) return [];
  const known = new Map(before.map((one) => [identityOf(one), one]));
  const current = new Map(after.map((one) => [identityOf(one), one]));
  const found: DeclarationChange[] = [];
  for (const [identity, one] of current) {
    const was = known.get(identity);
    if (was === one) continue;
    if (was === undefined) found.push(changeOf(one, "added"));
    else {
      const changes = fieldChanges(was, one);
      if (changes.length > 0) found.push(changeOf(one, "changed", changes));
    }
  }
  for (const [identity, one] of known) if (!current.has(identity)) found.push(changeOf(one, "removed"));
  return found;
}

function changeOf(
  { target, source }: Declaration,
  change: DeclarationChange["change"],
  changes: readonly FieldChange[] = [],
): DeclarationChange {
  const named = target.kind === "topic" ? { topic: target.topic } : { pattern: target.pattern };
  return { target: named, source, change, changes };
}

function identityOf({ source, target }: Declaration): string {
  return JSON.stringify([source.name, target.kind, target.kind === "topic" ? target.topic : target.pattern]);
}

function fieldChanges(was: Declaration, is: Declaration): FieldChange[] {
  const before = new Map(Object.entries(fieldsOf(was)));
  return Object.entries(fieldsOf(is)).flatMap(([field, to]: [string, unknown]) => {
    const from: unknown = before.get(field);
    return JSON.stringify(from) === JSON.stringify(to) ? [] : [{ field, from, to }];
  });
}

function fieldsOf({ target, options }: Declaration): object {
  return target.kind === "topic" ? options : { ...options, exclude: target.exclude ?? [] };
}
