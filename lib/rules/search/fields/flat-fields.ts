import { jsonElements, jsonMembers, nextToken } from "../../json/json-members.ts";

/** A value inside a document. */
export interface JsonField {
  /** Names separated by dots, list positions as numbers: `kafka.partition`, `tags.0`. */
  readonly path: string;
  /** The text of a string; other values as written, so that numbers keep all digits. */
  readonly value: string;
  /** Whether it is a string. */
  readonly isText: boolean;
}

/** A document's fields in their order. `raw` must be a valid JSON object. */
export function fieldsOf(raw: string): JsonField[] {
  return inside(raw, "");
}

function inside(raw: string, path: string): JsonField[] {
  const children = childrenOf(raw);
  if (children === null || (children.entries.length === 0 && path !== "")) {
    const isText = raw.startsWith('"');
    return [{ path, value: isText ? String(JSON.parse(raw)) : raw, isText }];
  }
  return children.entries.flatMap(({ name, rawValue }) =>
    inside(rawValue, path === "" ? name : `${path}.${name}`),
  );
}

/** A path as Elasticsearch names the field, without positions in lists. */
export function fieldName(path: string): string {
  return path.replace(/\.\d+(?=\.|$)/g, "");
}

interface Children {
  readonly isList: boolean;
  readonly entries: readonly { readonly name: string; readonly label: string; readonly rawValue: string }[];
}

/** The members of an object or the elements of a list; null for anything else. */
export function childrenOf(raw: string): Children | null {
  const first = raw[nextToken(raw, 0)];
  if (first === "{") {
    const members = [...jsonMembers(raw).values()];
    return {
      isList: false,
      entries: members.map(({ name, rawName, rawValue }) => ({ name, label: `${rawName}: `, rawValue })),
    };
  }
  if (first !== "[") return null;
  return {
    isList: true,
    entries: jsonElements(raw).map((rawValue, place) => ({ name: String(place), label: "", rawValue })),
  };
}
