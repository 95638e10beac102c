import type { DeclarationsListing } from "../../../../functions/list-declarations.ts";
import type {
  ListedDeclaration,
  ListedEntry,
  ListedKey,
  TargetWords,
} from "../../../../lib/rules/declarations/listing.ts";
import { excludingGlob, matchesTopicPattern } from "../../../../lib/rules/model/names.ts";

/** What the address opens besides, or instead of, the list. */
export type Opened =
  | { readonly kind: "list" }
  /** With `topic` already filled in. */
  | { readonly kind: "add"; readonly topic: string }
  | {
      readonly kind: "change" | "remove";
      readonly key: ListedKey;
      readonly entry: ListedEntry;
      readonly target: TargetWords;
    }
  /** The key no longer contains the entry. */
  | { readonly kind: "gone"; readonly key: string; readonly name: string }
  /** A topic without an etcd entry of its own. */
  | {
      readonly kind: "elsewhere";
      readonly topic: string;
      readonly config: ListedDeclaration | null;
      readonly pattern: { readonly pattern: string; readonly source: string } | null;
    };

/** `?form=add`, `?form=change|remove&key=K&topic=T|pattern=P`; `?topic=T` alone opens whatever declares it. */
export function openedBy(query: URLSearchParams, listing: DeclarationsListing): Opened {
  const form = query.get("form");
  const topic = query.get("topic");
  const key = query.get("key");
  if (form === "add") return { kind: "add", topic: topic ?? "" };
  if ((form === "change" || form === "remove") && key !== null) {
    const name = topic ?? query.get("pattern") ?? "";
    const wanted: TargetWords = topic === null ? { pattern: name } : { topic: name };
    return etcdEntry(listing, wanted, key, form) ?? { kind: "gone", key, name };
  }
  if (topic === null || topic === "") return { kind: "list" };
  const inEtcd = etcdEntry(listing, { topic }, null, "change");
  const inFile = ownEntry(listing, topic);
  // The file wins over etcd, whose entry would change nothing.
  return inEtcd === null || inFile?.state === "in force" ? elsewhere(listing, topic) : inEtcd;
}

function etcdEntry(
  { etcd }: DeclarationsListing,
  target: TargetWords,
  wantedKey: string | null,
  kind: "change" | "remove",
): Opened | null {
  for (const key of etcd?.keys ?? []) {
    if (wantedKey !== null && key.key !== wantedKey) continue;
    const entry = key.entries.find((one) => one.target !== null && sameTarget(one.target, target));
    if (entry !== undefined) return { kind, key, entry, target };
  }
  return null;
}

function sameTarget(a: TargetWords, b: TargetWords): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function ownEntry({ config }: DeclarationsListing, topic: string): ListedDeclaration | null {
  return config.entries.find(({ target }) => "topic" in target && target.topic === topic) ?? null;
}

function elsewhere(listing: DeclarationsListing, topic: string): Opened {
  const { config, etcd } = listing;
  const own = ownEntry(listing, topic);
  const patterns = [
    ...config.entries.map(({ target, excluded = [] }) => ({ target, excluded, source: config.path })),
    ...(etcd?.keys ?? []).flatMap(({ key, entries }) =>
      entries.map(({ target, excluded = [] }) => ({ target, excluded, source: `etcd ${key}` })),
    ),
  ].flatMap(({ target, excluded, source }) => {
    const globs = excluded.map(({ glob }) => glob);
    const isExcluded = excludingGlob(globs, topic) !== null;
    return target !== null && "pattern" in target && !isExcluded ? [{ pattern: target.pattern, source }] : [];
  });
  // A running topic is never the dead-letter topic.
  const pattern = patterns.find((one) => matchesTopicPattern(one.pattern, topic, "")) ?? null;
  return { kind: "elsewhere", topic, config: own, pattern };
}
