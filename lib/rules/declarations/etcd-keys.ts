import type { DeclarationTarget } from "../model/declaration.ts";

/** The place, from 0, of the listed key or prefix that covers the key; -1: no host reads it. */
export function placeOf(key: string, listed: readonly string[]): number {
  return listed.findIndex((entry) => (entry.endsWith("/") ? key.startsWith(entry) : key === entry));
}

/** Where a declaration goes that is added without saying where: to `key`, else to `<prefix><topic>`. */
export type NewKey =
  | { readonly key: string; readonly prefix: null }
  | { readonly key: null; readonly prefix: string };

/** The first whole key that is listed, else below the first prefix. */
export function newKeyOf(listed: readonly string[]): NewKey {
  const key = listed.find((entry) => !entry.endsWith("/"));
  return key === undefined ? { key: null, prefix: listed[0] ?? "" } : { key, prefix: null };
}

/** The key that a new declaration of this target goes to. */
export function keyForNew(listed: readonly string[], target: DeclarationTarget): string {
  const { key, prefix } = newKeyOf(listed);
  return key ?? `${prefix}${target.kind === "topic" ? target.topic : target.pattern}`;
}
