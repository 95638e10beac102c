import type { DeclarationTarget } from "../model/declaration.ts";

/** The prefix that an entry of `etcd.keys` stands for: `logs/` for itself, `log_` for `log_*`; null for an exact key. */
export function prefixOf(entry: string): string | null {
  if (entry.endsWith("/")) return entry;
  return entry.endsWith("*") ? entry.slice(0, -1) : null;
}

function covers(entry: string, key: string): boolean {
  const prefix = prefixOf(entry);
  return prefix === null ? key === entry : key.startsWith(prefix);
}

/** Whether `etcd.keys` lists it as one key, not as a prefix. */
export function isListedKey(key: string, listed: readonly string[]): boolean {
  return prefixOf(key) === null && listed.includes(key);
}

/** Whether somebody who names it means a prefix. A key below a prefix may end in `*` itself, but not in `/`. */
export function meansPrefix(key: string, listed: readonly string[]): boolean {
  return key.endsWith("/") || (prefixOf(key) !== null && listed.includes(key));
}

/** The first of the earlier entries that covers all keys of this one, which is idle then; null if none does. */
export function shadowOf(entry: string, earlier: readonly string[]): string | null {
  const first = prefixOf(entry) ?? entry;
  return earlier.find((one) => prefixOf(one) !== null && covers(one, first)) ?? null;
}

/** The position, from 0, of the listed key or prefix that covers the key; -1 if none does, so that no host reads it. */
export function placeOf(key: string, listed: readonly string[]): number {
  return listed.findIndex((entry) => covers(entry, key));
}

/** The default place of a new declaration: `key`, or else `<prefix><topic>`. */
export type NewKey =
  | { readonly key: string; readonly prefix: null }
  | { readonly key: null; readonly prefix: string };

/** @returns the first listed full key, else the first prefix */
export function newKeyOf(listed: readonly string[]): NewKey {
  const key = listed.find((entry) => prefixOf(entry) === null);
  return key === undefined ? { key: null, prefix: prefixOf(listed[0] ?? "") ?? "" } : { key, prefix: null };
}

/** The default key of a new declaration of this target. */
export function keyForNew(listed: readonly string[], target: DeclarationTarget): string {
  const { key, prefix } = newKeyOf(listed);
  return key ?? `${prefix}${target.kind === "topic" ? target.topic : target.pattern}`;
}
