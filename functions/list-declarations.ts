import {
  listDeclaration,
  listKey,
  type ListedDeclaration,
  type ListedKey,
} from "../lib/rules/declarations/listing.ts";
import { mergeDeclarations, type ToldExclusion } from "../lib/rules/declarations/desired.ts";
import { newKeyOf, placeOf, prefixOf, type NewKey } from "../lib/rules/declarations/etcd-keys.ts";
import { isStated } from "../lib/rules/declarations/patience.ts";
import { standingsOf } from "../lib/rules/declarations/standing.ts";
import { readEtcd, type SourceReaders } from "./reconcile-topics/read-sources.ts";
import { declarationsInForce, type ReconcileMemory } from "./reconcile-topics.ts";

export interface ListInput {
  /** The memory of the last run. */
  readonly memory: ReconcileMemory;
  readonly config: {
    /** The config file's path, for display. */
    readonly path: string;
    /** Why the file was not accepted; null if it was. */
    readonly error: string | null;
  };
  /** The topics of this host, which patterns are matched against. */
  readonly topics: Iterable<string>;
  /** What patterns excluded in the last run. */
  readonly excluded: readonly ToldExclusion[];
}

export interface DeclarationsListing {
  readonly config: {
    readonly path: string;
    readonly ok: boolean;
    readonly error: string | null;
    /** The current entries; if the file was not accepted, those from before. */
    readonly entries: readonly ListedDeclaration[];
  };
  /** Null if not configured. */
  readonly etcd: ListedEtcd | null;
}

export interface ListedEtcd {
  /** False if etcd cannot be read or believed. The keys are then those of the last reading, without their texts. */
  readonly ok: boolean;
  readonly error: string | null;
  /** The store's revision when it was read; null if never. */
  readonly revision: number | null;
  /** In order of precedence. Includes configured keys that are absent, at revision 0. */
  readonly keys: readonly ListedKey[];
  /** The number of keys beyond the first 10,000 entries or 32 Mi characters. */
  readonly keysLeftOut: number;
  /** `etcd.keys`: exact keys, and prefixes that end in `/` or `*`. */
  readonly listed: readonly string[];
  /** The key for a new topic, also as a sentence. */
  readonly newKey: NewKey & { readonly rule: string };
}

const MAX_ENTRIES = 10_000;
const MAX_CHARACTERS = 32 * 1024 * 1024;

/**
 * Lists every declaration and its standing. Reads etcd now; if that fails, lists the last good values, which the host
 * keeps using.
 */
export async function listDeclarations(
  { memory, config, topics, excluded }: ListInput,
  deps: Pick<SourceReaders, "readEtcd">,
): Promise<DeclarationsListing> {
  const { settings } = memory;
  const { etcd, deadLetters } = settings;
  const read = await readEtcd(memory.etcd, { acceptAnyway: false, patientAtMs: null }, settings, deps);
  const merged = mergeDeclarations(
    declarationsInForce({ ...memory, etcd: read.memory }).filter(isStated),
    topics,
    deadLetters.topic,
  );
  const facts = { standingOf: standingsOf(merged), excluded };
  const entries = memory.declarations.filter(isStated).map((one) => listDeclaration(one, facts));
  const listing = { config: { ...config, ok: config.error === null, entries } };
  if (etcd === null) return { ...listing, etcd: null };

  const held = new Map(read.reading?.keys.map((one) => [one.key, one]));
  // A key that may not be read is not absent; it is in memory.
  const isAbsent = (key: string) =>
    prefixOf(key) === null && !held.has(key) && read.memory?.keys.has(key) !== true;
  const absent = read.reading === null ? [] : etcd.keys.filter(isAbsent);
  for (const key of absent) held.set(key, { key, value: null, problem: null, modRevision: 0 });
  const all = [
    ...(read.memory?.keys ?? []),
    ...absent.map((key) => [key, { declarations: [], refused: [] }] as const),
  ].toSorted(([a], [b]) => placeOf(a, etcd.keys) - placeOf(b, etcd.keys));
  const keys: ListedKey[] = [];
  let room = { entries: MAX_ENTRIES, characters: MAX_CHARACTERS };
  for (const [key, keyMemory] of all) {
    const one = listKey(key, held.get(key) ?? null, keyMemory, etcd.keys, facts);
    room = {
      entries: room.entries - one.entries.length,
      characters: room.characters - (one.text?.length ?? 0),
    };
    if (room.entries < 0 || room.characters < 0) break;
    keys.push(one);
  }
  const newKey = newKeyOf(etcd.keys);
  return {
    ...listing,
    etcd: {
      ok: read.error === null,
      error: read.error,
      revision: read.memory?.revision ?? null,
      keys,
      keysLeftOut: all.length - keys.length,
      listed: etcd.keys,
      newKey: { ...newKey, rule: newKeySentence(newKey) },
    },
  };
}

function newKeySentence({ key, prefix }: NewKey): string {
  return key === null
    ? `A new topic gets a key of its own: ${prefix}<topic>.`
    : `A new topic goes to the key ${key}.`;
}
