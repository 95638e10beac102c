import { Secret } from "../../lib/rules/secrets/secret.ts";

/** The same data with secrets as plain text, because `toEqual` treats any two secrets as equal. */
export function revealed(value: unknown): unknown {
  if (value instanceof Secret) return value.reveal();
  if (Array.isArray(value)) return value.map(revealed);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, revealed(item)]));
}
