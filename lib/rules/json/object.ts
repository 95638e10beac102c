/** A plain object of unknown content, from YAML or JSON. */
export type Mapping = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is Mapping {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The value if it is a mapping, else an empty one. */
export function mappingOf(value: unknown): Mapping {
  return isObject(value) ? value : {};
}
