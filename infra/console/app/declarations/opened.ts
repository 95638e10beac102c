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
  /** With `topic` already filled in, and what the pattern that covers it says. */
  | { readonly kind: "add"; readonly topic: string; readonly like: Stated | null }
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

/** What an entry says: as written, or as it is in force. */
export type Stated = Pick<ListedEntry, "declaration" | "options" | "excluded">;

/** `?form=add`, `?form=change|remove&key=K&topic=T|pattern=P`; `?topic=T` alone opens whatever declares it. */
export function openedBy(query: URLSearchParams, listing: DeclarationsListing): Opened {
  const form = query.get("form");
  const topic = query.get("topic");
  const key = query.get("key");
  if (form === "add") {
    const like = topic === null ? null : (coveringPattern(listing, topic)?.entry ?? null);
    return { kind: "add", topic: topic ?? "", like };
  }
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
  const covering = coveringPattern(listing, topic);
  const pattern = covering === null ? null : { pattern: covering.pattern, source: covering.source };
  return { kind: "elsewhere", topic, config: ownEntry(listing, topic), pattern };
}

/** The first pattern that a topic without an entry of its own follows. */
function coveringPattern({ config, etcd }: DeclarationsListing, topic: string) {
  const all: readonly { target: TargetWords | null; entry: Stated; source: string }[] = [
    ...config.entries.map(({ target, ...entry }) => ({
      target,
      entry: { ...entry, declaration: null },
      source: config.path,
    })),
    ...(etcd?.keys ?? []).flatMap(({ key, entries }) =>
      entries.map((entry) => ({
        target: entry.target,
        // What is refused as it is written says what it said before, if anything.
        entry: entry.refused === null ? entry : { ...entry, declaration: null },
        source: `etcd ${key}`,
      })),
    ),
  ];
  for (const { target, entry, source } of all) {
    if (target === null || entry.options === null || !("pattern" in target)) continue;
    const globs = (entry.excluded ?? []).map(({ glob }) => glob);
    // A running topic is never the dead-letter topic.
    const covers = matchesTopicPattern(target.pattern, topic, "") && excludingGlob(globs, topic) === null;
    if (covers) return { pattern: target.pattern, source, entry };
  }
  return null;
}
