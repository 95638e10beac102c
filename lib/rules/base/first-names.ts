const NAMED = 20;

/** The first names of a long list and the number of the rest, to keep a log line readable. */
export function firstNames(names: readonly string[]): readonly string[] {
  if (names.length <= NAMED) return names;
  return [...names.slice(0, NAMED), `and ${names.length - NAMED} more`];
}
