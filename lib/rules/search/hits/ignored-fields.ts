import { flattenedWords, longestValue } from "../../template/template-body.ts";

/**
 * Picks the ignored fields that gave way: their values do not fit the mapping, or the index has too many fields. Texts
 * that are merely too long to be searched as one value do not count.
 *
 * @param ignored `_ignored` of a document
 * @param source the document's source; null if unknown, and then all fields count
 */
export function fieldsThatGaveWay(
  ignored: readonly string[],
  source: Readonly<Record<string, unknown>> | null,
): readonly string[] {
  // Penstock's own helper field is not one of the record's.
  const own = ignored.filter((field) => field !== flattenedWords);
  if (source === null) return own;
  return own.filter((field) => {
    const values = leavesAt(source, field.split("."));
    // A multi-field like `message.keyword` is not in the source. Its parent is searchable, so it does not count.
    return (
      values.length > 0 && !values.some((value) => typeof value === "string" && value.length > longestValue)
    );
  });
}

/** All values under a dotted name, which may be written as one name, as nested objects, or with lists between. */
function leavesAt(value: unknown, names: readonly string[]): unknown[] {
  if (Array.isArray(value)) return value.flatMap((element: unknown) => leavesAt(element, names));
  if (typeof value !== "object" || value === null) return names.length === 0 ? [value] : [];
  if (names.length === 0) return Object.values(value).flatMap((child) => leavesAt(child, []));
  return names.flatMap((_, at) => {
    const name = names.slice(0, at + 1).join(".");
    return Object.hasOwn(value, name) ? leavesAt(Reflect.get(value, name), names.slice(at + 1)) : [];
  });
}
