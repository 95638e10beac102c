import { type Mapping, mappingOf } from "../json/object.ts";

/** Where a mapping has a field: the keys that lead to it, such as `properties`, `user`, `properties`, `id`. */
export type FieldPlace = readonly string[];

/**
 * Finds a field by its dotted name, also where names contain dots (`subobjects: false`) or the field is a multi-field.
 * @returns null if the mapping does not have it
 */
export function placeOf(mappings: Mapping, field: string): FieldPlace | null {
  return search(mappings, field.split("."));
}

function search(mapping: Mapping, parts: readonly string[]): FieldPlace | null {
  for (const kind of ["properties", "fields"]) {
    const inner = mappingOf(mapping[kind]);
    for (let length = parts.length; length > 0; length -= 1) {
      const name = parts.slice(0, length).join(".");
      if (!Object.hasOwn(inner, name)) continue;
      if (length === parts.length) return [kind, name];
      const rest = search(mappingOf(inner[name]), parts.slice(length));
      if (rest !== null) return [kind, name, ...rest];
    }
  }
  return null;
}

/** The field's own mapping. */
export function mappingAt(mappings: Mapping, place: FieldPlace): Mapping {
  return place.reduce((outer, key) => mappingOf(outer[key]), mappings);
}

/** The whole mapping with another one for this field. */
export function withMappingAt(mappings: Mapping, place: FieldPlace, mapping: Mapping): Mapping {
  const [key, ...rest] = place;
  if (key === undefined) return mapping;
  return { ...mappings, [key]: withMappingAt(mappingOf(mappings[key]), rest, mapping) };
}

/** Only what a request needs to change this field: the objects around it, and all of a field that it is a part of. */
export function updateOf(mappings: Mapping, place: FieldPlace, mapping: Mapping): Mapping {
  const [kind, name, ...rest] = place;
  if (kind === undefined || name === undefined) return mapping;
  const inner = updateOf(mappingOf(mappingOf(mappings[kind])[name]), rest, mapping);
  if (kind === "fields") return withMappingAt(mappings, place, mapping);
  return { ...(mappings["type"] === "nested" && { type: "nested" }), properties: { [name]: inner } };
}

/** Where a field that the mapping does not have would be added: as deep as there are objects for it. */
export function placeFor(mappings: Mapping, field: string): FieldPlace {
  const [first = field, ...rest] = field.split(".");
  const inner = mappingOf(mappingOf(mappings["properties"])[first]);
  if (rest.length === 0 || !("properties" in inner)) return ["properties", field];
  return ["properties", first, ...placeFor(inner, rest.join("."))];
}
