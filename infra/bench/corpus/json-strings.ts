/** A string in a JSON value, and where: names joined by dots, without places in lists. */
export interface JsonString {
  readonly path: string;
  readonly text: string;
}

/** What a record's value holds, where that is an object: behind a byte-order mark and before NULs too. Null: it is none. */
export function parseObject(text: string): object | null {
  try {
    const value: unknown = JSON.parse(text.replace(/^\uFEFF/, "").replace(/\0+$/, ""));
    return typeof value === "object" && value !== null && !Array.isArray(value) ? value : null;
  } catch {
    // An ordinary answer: it is text.
    return null;
  }
}

/** All of them, however deep. Of one that is a JSON object itself, as a container's `log` may be, those in it. */
export function stringsOf(value: unknown, path = ""): JsonString[] {
  if (typeof value === "string") {
    const inner = value.startsWith("{") ? parseObject(value) : null;
    return inner === null ? [{ path, text: value }] : stringsOf(inner, path);
  }
  if (Array.isArray(value)) return value.flatMap((each: unknown) => stringsOf(each, path));
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([name, each]) =>
    stringsOf(each, path === "" ? name : `${path}.${name}`),
  );
}

/** Whether the object has the field, a name or a path with dots, and not as null. */
export function hasField(object: object, path: string): boolean {
  const own: unknown = Reflect.get(object, path);
  if (own !== undefined && own !== null) return true;
  const dot = path.indexOf(".");
  if (dot === -1) return false;
  const outer: unknown = Reflect.get(object, path.slice(0, dot));
  return typeof outer === "object" && outer !== null && hasField(outer, path.slice(dot + 1));
}
