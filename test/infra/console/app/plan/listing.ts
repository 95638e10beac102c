import type { DeclarationsListing } from "../../../../../functions/list-declarations.ts";
import type { ListedEntry, ListedKey, TargetWords } from "../../../../../lib/rules/declarations/listing.ts";
import type { Standing } from "../../../../../lib/rules/declarations/standing.ts";
import { defaultOptions as options } from "../../../../support/declarations.ts";

const inForce: Standing = { state: "in force", topics: 1, overriddenBy: null, refused: null };

/** An entry of an etcd key that is in force, unless changed. */
export function listedEntry(target: TargetWords, changes: Partial<ListedEntry> = {}): ListedEntry {
  return {
    entry: 0,
    name: "topic" in target ? target.topic : target.pattern,
    target,
    declaration: target,
    options,
    lastGoodKept: false,
    ignored: [],
    ...inForce,
    ...changes,
  };
}

export function listedKey(key: string, entries: readonly ListedEntry[], changes: Partial<ListedKey> = {}) {
  const text = JSON.stringify(entries.map(({ declaration }) => declaration));
  return { key, exact: false, revision: 7, text, problem: null, entries, ...changes };
}

/** A config file with these targets, and etcd with these keys below `logs/`. */
export function listing(
  config: readonly TargetWords[],
  keys: readonly ListedKey[] | null,
): DeclarationsListing {
  return {
    config: {
      path: "config.yaml",
      ok: true,
      error: null,
      entries: config.map((target, entry) => ({ entry, target, options, ...inForce })),
    },
    etcd:
      keys === null
        ? null
        : {
            ok: true,
            error: null,
            revision: 9,
            keys,
            keysLeftOut: 0,
            listed: ["logs/"],
            newKey: { key: null, prefix: "logs/", rule: "A new topic gets a key of its own." },
          },
  };
}
