import { isObject } from "./object.ts";

/** The values of a field, whose name may be split at any of its dots; those of lists one by one. */
export function valuesAt(value: unknown, field: string): unknown[] {
  if (Array.isArray(value)) return value.flatMap((each: unknown) => valuesAt(each, field));
  if (field === "") return value === null || value === undefined ? [] : [value];
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([name, inner]) => {
    if (name === field) return valuesAt(inner, "");
    return field.startsWith(`${name}.`) ? valuesAt(inner, field.slice(name.length + 1)) : [];
  });
}
