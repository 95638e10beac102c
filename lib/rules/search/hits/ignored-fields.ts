import { flattenedWords, longestValue } from "../../template/template-body.ts";

/**
 * Of the fields that Elasticsearch calls ignored those that gave way: their values do not fit how the index maps them, or it
 * has too many fields. A text that is only too long to be searched as one value is none of them.
 *
 * @param ignored `_ignored` of a document
 * @param source the document's; null: not known, so that all count
 */
export function fieldsThatGaveWay(
  ignored: readonly string[],
  source: Readonly<Record<string, unknown>> | null,
): readonly string[] {
  // Penstock's own help is none of the record's fields.
  const own = ignored.filter((field) => field !== flattenedWords);
  if (source === null) return own;
  return own.filter((field) => {
    const values = leavesAt(source, field.split("."));
    // A field's second form, such as `message.keyword`, is not in the source: the first one is searched.
    return (
      values.length > 0 && !values.some((value) => typeof value === "string" && value.length > longestValue)
    );
  });
}

/** Every single value under a name with dots, which may stand as one name, as objects within objects, or in lists. */
function leavesAt(value: unknown, names: readonly string[]): unknown[] {
  if (Array.isArray(value)) return value.flatMap((element: unknown) => leavesAt(element, names));
  if (typeof value !== "object" || value === null) return names.length === 0 ? [value] : [];
  if (names.length === 0) return Object.values(value).flatMap((child) => leavesAt(child, []));
  return names.flatMap((_, at) => {
    const name = names.slice(0, at + 1).join(".");
    return Object.hasOwn(value, name) ? leavesAt(Reflect.get(value, name), names.slice(at + 1)) : [];
  });
}
