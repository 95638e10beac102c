import { isObject, type Mapping } from "../../json/object.ts";

/** The values of a JSON object by dotted path, each as one text. */
export type Leaves = ReadonlyMap<string, string>;

/** Deeper values count as one text. Elasticsearch accepts 20 levels by default. */
const MAX_DEPTH = 50;
/** Between the values of a list; no sensible text contains it. */
const BETWEEN = "\u0000";

/**
 * Flattens a JSON object the way Elasticsearch indexes it, so that the forms in which a tool or a synthetic `_source` may
 * return the same values are equal:
 *
 * - `{"a":{"b":1}}` and `{"a.b":1}` are the same;
 * - null, an empty list and an empty object are absent; a list of one value is that value;
 * - lists are sets, and the members of objects in a list are collected by path;
 * - a number, a boolean and the text that looks like it are the same.
 */
export function leavesOf(object: Mapping): Leaves {
  const found = new Map<string, string | Set<string>>();
  collect(object, "", 0, found);
  const leaves = new Map<string, string>();
  for (const [path, value] of found)
    leaves.set(path, typeof value === "string" ? value : [...value].sort().join(BETWEEN));
  return leaves;
}

function collect(
  value: unknown,
  path: string,
  depth: number,
  found: Map<string, string | Set<string>>,
): void {
  if (value === null || value === undefined) return;
  if (typeof value === "object" && depth < MAX_DEPTH) {
    if (Array.isArray(value)) {
      for (const element of value as readonly unknown[]) collect(element, path, depth + 1, found);
      return;
    }
    if (isObject(value)) {
      for (const [name, child] of Object.entries(value))
        collect(child, path === "" ? name : `${path}.${name}`, depth + 1, found);
      return;
    }
  }
  const text = typeof value === "string" ? value : JSON.stringify(value);
  const before = found.get(path);
  if (before === undefined) found.set(path, text);
  else if (typeof before !== "string") before.add(text);
  else if (before !== text) found.set(path, new Set([before, text]));
}
