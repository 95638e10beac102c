import { isValue, wildcard } from "./mask.ts";

/** Lines that are equal once they are masked. */
export interface Shape {
  readonly words: readonly string[];
  count: number;
  readonly sample: string;
}

/** A word with more values in its place is a variable. */
const MAX_VALUES = 4;
/** With fewer lines per value, nobody can tell. */
const LINES_PER_VALUE = 2;

/**
 * Tells apart the statements that wrote lines of as many words. A place where the lines have few words, like `started` and
 * `stopped`, belongs to the statement; one with many, or with values, is a variable. The place with the fewest words decides
 * first, because others may depend on it.
 */
export function statementsOf(shapes: readonly Shape[]): Shape[] {
  const [first] = shapes;
  if (first === undefined) return [];
  const count = countOf(shapes);
  const parts = fewestParts(shapes, first.words.length);
  if (parts !== null && count >= parts.size * LINES_PER_VALUE)
    return [...parts.values()].flatMap(statementsOf);
  const words = first.words.map((word, at) => (isSame(shapes, at) ? word : wildcard));
  return [{ words, count, sample: first.sample }];
}

/** The lines by their words in the place with the fewest. @returns null if all places that differ are variables */
function fewestParts(shapes: readonly Shape[], places: number): ReadonlyMap<string, Shape[]> | null {
  let fewest: ReadonlyMap<string, Shape[]> | null = null;
  for (let at = 0; at < places && fewest?.size !== 2; at += 1) {
    const parts = isSame(shapes, at) ? null : partsBy(shapes, at);
    if (parts !== null && parts.size < (fewest?.size ?? Infinity)) fewest = parts;
  }
  return fewest;
}

function isSame(shapes: readonly Shape[], at: number): boolean {
  return shapes.every(({ words }) => words[at] === shapes[0]?.words[at]);
}

/** Joins patterns that differ in nothing, or in one of their first words, which has too many values to tell them apart. */
export function joinedStatements(patterns: readonly Shape[], firstWords: number): readonly Shape[] {
  let joined = patterns;
  for (let at = 0; at < firstWords; at += 1) joined = joinedBy(joined, without(at), MAX_VALUES);
  // Lines of two clusters may end in one pattern.
  return joinedBy(joined, (words) => words, 1);
}

/** The words without one of them, if at least half of them stay the same. */
function without(at: number): (words: readonly string[]) => readonly string[] {
  return (words) => {
    const rest = words.map((word, place) => (place === at ? wildcard : word));
    return rest.filter((word) => !word.includes(wildcard)).length < words.length / 2 ? words : rest;
  };
}

/** Joins more than `most` patterns that `keyOf` makes equal. */
function joinedBy(
  patterns: readonly Shape[],
  keyOf: (words: readonly string[]) => readonly string[],
  most: number,
): Shape[] {
  const groups = new Map<string, Shape[]>();
  for (const pattern of patterns) {
    const key = keyOf(pattern.words).join(" ");
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [pattern]);
    else group.push(pattern);
  }
  return [...groups].flatMap(([key, group]) => {
    const [{ sample } = { sample: "" }] = group;
    return group.length <= most ? group : [{ words: key.split(" "), count: countOf(group), sample }];
  });
}

function countOf(shapes: readonly Shape[]): number {
  return shapes.reduce((sum, { count }) => sum + count, 0);
}

/** @returns null if the place is a variable */
function partsBy(shapes: readonly Shape[], at: number): Map<string, Shape[]> | null {
  const parts = new Map<string, Shape[]>();
  for (const shape of shapes) {
    const word = shape.words[at] ?? "";
    const part = parts.get(word);
    if (part !== undefined) part.push(shape);
    else if (parts.size === MAX_VALUES || isValue(word)) return null;
    else parts.set(word, [shape]);
  }
  return parts;
}
