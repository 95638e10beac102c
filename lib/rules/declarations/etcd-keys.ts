import type { DeclarationTarget } from "../model/declaration.ts";

/** The position, from 0, of the listed key or prefix that covers the key; -1 if none does, so that no host reads it. */
export function placeOf(key: string, listed: readonly string[]): number {
  return listed.findIndex((entry) => (entry.endsWith("/") ? key.startsWith(entry) : key === entry));
}

/** The default place of a new declaration: `key`, or else `<prefix><topic>`. */
export type NewKey =
  | { readonly key: string; readonly prefix: null }
  | { readonly key: null; readonly prefix: string };

/** @returns the first listed full key, else the first prefix */
export function newKeyOf(listed: readonly string[]): NewKey {
  const key = listed.find((entry) => !entry.endsWith("/"));
  return key === undefined ? { key: null, prefix: listed[0] ?? "" } : { key, prefix: null };
}

/** The default key of a new declaration of this target. */
export function keyForNew(listed: readonly string[], target: DeclarationTarget): string {
  const { key, prefix } = newKeyOf(listed);
  return key ?? `${prefix}${target.kind === "topic" ? target.topic : target.pattern}`;
}
