const NAMED = 20;

/** The first of many names, and how many more there are: a line of a log is for people. */
export function firstNames(names: readonly string[]): readonly string[] {
  if (names.length <= NAMED) return names;
  return [...names.slice(0, NAMED), `and ${names.length - NAMED} more`];
}
