/** A string in a JSON value. The path joins names with dots, without positions in lists. */
export interface JsonString {
  readonly path: string;
  readonly text: string;
}

/** Parses a JSON object, ignoring a byte-order mark before it and NULs behind it. @returns null if it is none */
export function parseObject(text: string): object | null {
  try {
    const value: unknown = JSON.parse(text.replace(/^\uFEFF/, "").replace(/\0+$/, ""));
    return typeof value === "object" && value !== null && !Array.isArray(value) ? value : null;
  } catch {
    // Not an error: the record is text.
    return null;
  }
}

/** Returns all strings, at any depth. A string that is a JSON object, like a container's `log`, yields its own strings. */
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

/** Whether the object has a value other than null for the field, which is a name or a path with dots. */
export function hasField(object: object, path: string): boolean {
  const own: unknown = Reflect.get(object, path);
  if (own !== undefined && own !== null) return true;
  const dot = path.indexOf(".");
  if (dot === -1) return false;
  const outer: unknown = Reflect.get(object, path.slice(0, dot));
  return typeof outer === "object" && outer !== null && hasField(outer, path.slice(dot + 1));
}
