import { isObject } from "./object.ts";

/** How much may still be looked at; less than nothing: it was not enough. */
export interface Looks {
  left: number;
}

/**
 * The values of a field, whose name may be split at any of its dots; those of lists one by one.
 * @param looks pays for each element and member on the way; without enough, values are missing
 */
export function valuesAt(value: unknown, field: string, looks: Looks = { left: Infinity }): unknown[] {
  if (Array.isArray(value)) {
    looks.left -= value.length;
    return looks.left < 0 ? [] : value.flatMap((each: unknown) => valuesAt(each, field, looks));
  }
  if (field === "") return value === null || value === undefined ? [] : [value];
  if (!isObject(value) || looks.left < 0) return [];
  const members = Object.entries(value);
  looks.left -= members.length;
  if (looks.left < 0) return [];
  return members.flatMap(([name, inner]) => {
    if (name === field) return valuesAt(inner, "", looks);
    return field.startsWith(`${name}.`) ? valuesAt(inner, field.slice(name.length + 1), looks) : [];
  });
}
