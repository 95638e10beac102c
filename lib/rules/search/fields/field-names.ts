import { isObject, type Mapping } from "../../json/object.ts";

/** What is looked at in one document. Producers decide how large and how wide it is. */
const mostNodes = 10_000;
const mostNames = 2_000;
const longestName = 512;

interface Node {
  readonly name: string;
  readonly value: unknown;
}

/**
 * The names of a document's fields, as Elasticsearch names them: without positions in lists. Of a large document they are
 * the outermost ones, so that a long list does not hide its neighbours.
 */
export function fieldNames(document: Mapping): ReadonlySet<string> {
  const names = new Set<string>();
  const nodes = childrenOf({ name: "", value: document }, mostNodes) ?? [];
  // It grows while it is walked.
  for (const node of nodes) {
    const children = childrenOf(node, mostNodes - nodes.length);
    if (children !== null) nodes.push(...children);
    else if (names.size < mostNames) names.add(node.name);
  }
  return names;
}

/** @returns at most so many; null if it has none */
function childrenOf({ name, value }: Node, most: number): Node[] | null {
  if (Array.isArray(value)) {
    return value.length === 0 ? null : value.slice(0, most).map((each: unknown) => ({ name, value: each }));
  }
  if (!isObject(value)) return null;
  const keys = Object.keys(value);
  if (keys.length === 0) return null;
  return keys
    .slice(0, most)
    .map((key) => ({ name: name === "" ? key : `${name}.${key}`, value: value[key] }))
    .filter((child) => child.name.length <= longestName);
}

/** Fields that say where a record is, or repeat others. */
const ownFields: ReadonlySet<string> = new Set([
  "@timestamp",
  "message",
  "kafka.topic",
  "kafka.partition",
  "kafka.offset",
  "kafka.words",
  "event.original",
]);
const mostCounted = 10_000;

/** Counts the fields of documents, besides those that every record has. */
export function createFieldCount(): {
  readonly add: (document: Mapping) => void;
  /** Those of most documents first. */
  readonly mostFrequent: (most: number) => string[];
} {
  const counts = new Map<string, number>();
  return {
    add(document) {
      for (const name of fieldNames(document)) {
        // Asked for, a name with a * would be a pattern of many fields.
        if (ownFields.has(name) || name.includes("*")) continue;
        const count = counts.get(name);
        if (count !== undefined || counts.size < mostCounted) counts.set(name, (count ?? 0) + 1);
      }
    },
    mostFrequent: (most) =>
      [...counts]
        .toSorted(([a, first], [b, second]) => second - first || (a < b ? -1 : 1))
        .slice(0, most)
        .map(([name]) => name),
  };
}
