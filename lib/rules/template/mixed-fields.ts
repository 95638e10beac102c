import { isObject } from "../json/object.ts";
import { doublesTemplate, stringsTemplate } from "./template-body.ts";

type Kind = "text" | "flag" | "whole" | "fraction";

/** UTF-16 units, our indices' limit for field names: a longer name is refused whatever its type. */
const maxPathLength = 1_000;

/**
 * Finds fields with values of several types in one document, like `[300, 12.5]` or `[{"value":1},{"value":"a"}]`.
 * Elasticsearch refuses a document that adds such a field to the mapping, unless it names the field's template.
 * @returns by dotted path our dynamic template (lib/rules/template/template-body.ts) that accepts most of the values
 */
export function mixedFields(document: unknown): ReadonlyMap<string, string> {
  const kinds = new Map<string, Set<Kind>>();
  const open: [path: string, value: unknown][] = [["", document]];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const [path, value] = next;
    if (Array.isArray(value)) for (const element of value as readonly unknown[]) open.push([path, element]);
    else if (isObject(value))
      for (const [name, child] of Object.entries(value)) {
        const itsPath = path === "" ? name : `${path}.${name}`;
        if (itsPath.length <= maxPathLength) open.push([itsPath, child]);
      }
    else if (value !== null) kinds.getOrInsertComputed(path, () => new Set()).add(kindOf(value));
  }
  return new Map(
    [...kinds].flatMap(([path, its]) => (its.size < 2 ? [] : [[path, templateOf(its)] as const])),
  );
}

function kindOf(value: unknown): Kind {
  if (typeof value === "number") return Number.isInteger(value) ? "whole" : "fraction";
  return typeof value === "boolean" ? "flag" : "text";
}

/** A keyword accepts anything, and its words can be found. */
function templateOf(kinds: ReadonlySet<Kind>): string {
  return kinds.has("text") || kinds.has("flag") ? stringsTemplate : doublesTemplate;
}
