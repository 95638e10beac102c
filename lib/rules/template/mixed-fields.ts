import { isObject } from "../json/object.ts";
import { doublesTemplate, stringsTemplate } from "./template-body.ts";

type Kind = "text" | "flag" | "whole" | "fraction";

/** UTF-16 units, and as many as an index of ours lets a field's name have: a longer one is refused whatever it is to be. */
const maxPathLength = 1_000;

/**
 * The fields that a document itself has values of several kinds of, as `[300, 12.5]` or `[{"value":1},{"value":"a"}]`.
 * Elasticsearch refuses it where it brings such a field into the mapping, unless it is told what the field is to be.
 * @returns by dotted path the dynamic template of ours (lib/rules/template/template-body.ts) that takes most of what is there
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
    else if (value !== null) {
      const known = kinds.get(path);
      if (known === undefined) kinds.set(path, new Set([kindOf(value)]));
      else known.add(kindOf(value));
    }
  }
  return new Map(
    [...kinds].flatMap(([path, its]) => (its.size < 2 ? [] : [[path, templateOf(its)] as const])),
  );
}

function kindOf(value: unknown): Kind {
  if (typeof value === "number") return Number.isInteger(value) ? "whole" : "fraction";
  return typeof value === "boolean" ? "flag" : "text";
}

/** A keyword takes anything; words of it are found. */
function templateOf(kinds: ReadonlySet<Kind>): string {
  return kinds.has("text") || kinds.has("flag") ? stringsTemplate : doublesTemplate;
}
