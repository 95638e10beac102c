import type { Declaration, Refusal } from "../model/declaration.ts";
import { parseEtcdValue } from "./etcd-value.ts";
import { placeOf } from "./etcd-keys.ts";
import { believedAtMs, lookAt, withLeaving, type Stillness } from "./patience.ts";
import type { EtcdSettings } from "../model/settings.ts";

/** The content of one key. */
export interface ReadKey {
  readonly key: string;
  /** Null if it is not text; `problem` says why. */
  readonly value: string | null;
  readonly problem: string | null;
  readonly modRevision: number;
}

/** A key or prefix, as configured, that this user may not read. */
export interface ForbiddenKey {
  readonly listed: string;
  readonly reason: string;
}

/** The listed keys at one revision of etcd; see lib/adapters/etcd. */
export interface EtcdReading {
  readonly clusterId: string;
  readonly revision: number;
  readonly keys: readonly ReadKey[];
  readonly forbidden?: readonly ForbiddenKey[];
}

/** The current or a possible value of a key. */
export interface EtcdKeyText {
  readonly key: string;
  readonly text: string;
}

/** The last good declarations, per key and entry, for when etcd cannot be read. */
export interface EtcdMemory {
  /** Where it was read. Changing them in the config file is deliberate, and needs no distrust. */
  readonly endpoints: readonly string[];
  readonly clusterId: string;
  readonly revision: number;
  /** In order of precedence. */
  readonly keys: ReadonlyMap<string, KeyMemory>;
}

export interface KeyMemory {
  /** The active ones, those with a pending removal last. */
  readonly declarations: readonly Declaration[];
  readonly refused: readonly Refusal[];
  readonly stillness: Stillness;
}

/**
 * Updates the memory by a reading. An absent key is forgotten once its removal takes effect (see patience.ts). Only absence
 * stops a topic; an unreadable key keeps its declarations.
 *
 * @param settings the listed keys, and where they were read
 * @param patientAtMs now, in milliseconds since the epoch; null lets removals take effect at once
 */
export function rememberEtcd(
  previous: EtcdMemory | null,
  reading: EtcdReading,
  { endpoints, keys: listed }: Pick<EtcdSettings, "endpoints" | "keys">,
  deadLetterTopic: string,
  patientAtMs: number | null = null,
): EtcdMemory {
  const keys = new Map<string, KeyMemory>();
  const remember = (key: string, content: string, stated: Pick<KeyMemory, "declarations" | "refused">) => {
    const before = previous?.keys.get(key);
    const stillness = lookAt(before?.stillness ?? null, content, patientAtMs);
    const leavesAtMs = believedAtMs(stillness, patientAtMs);
    const declarations = withLeaving(before?.declarations ?? [], stated.declarations, leavesAtMs);
    keys.set(key, { ...stated, declarations, stillness });
  };
  /** A key's last declarations, without marks of pending removals: a key that cannot be read removes nothing. */
  const saidBefore = (key: string) => (previous?.keys.get(key)?.declarations ?? []).map(unmarked);
  for (const { key, value, problem, modRevision } of reading.keys) {
    const source = { kind: "etcd", name: key, revision: modRevision } as const;
    const before = saidBefore(key);
    const content = String(modRevision);
    if (value === null) {
      const reason = `etcd key "${key}": ${problem ?? "the value cannot be read"}`;
      const refusal = { source, name: null, reason, lastGoodKept: before.length > 0 };
      remember(key, content, { declarations: before, refused: [refusal] });
    } else {
      remember(key, content, parseEtcdValue(value, source, before, deadLetterTopic));
    }
  }
  const forbidden = reading.forbidden ?? [];
  // A key below a forbidden prefix may be listed itself too, and be readable: if it was not read, it is absent.
  const readable = listed.filter((name) => !forbidden.some((one) => one.listed === name));
  for (const { listed: name, reason } of forbidden) {
    const place = listed.indexOf(name);
    const kept = [...(previous?.keys ?? [])].filter(
      ([key]) => !keys.has(key) && placeOf(key, listed) === place && placeOf(key, readable) < 0,
    );
    for (const [key] of kept) remember(key, "forbidden", { declarations: saidBefore(key), refused: [] });
    const source = { kind: "etcd", name, revision: null } as const;
    const before = keys.get(name)?.declarations ?? [];
    const refusal = {
      source,
      name: null,
      reason,
      lastGoodKept: kept.some(([, one]) => one.declarations.length > 0),
    };
    remember(name, "forbidden", { declarations: before, refused: [refusal] });
  }
  for (const [key] of previous?.keys ?? []) {
    if (keys.has(key) || placeOf(key, listed) < 0) continue;
    remember(key, "absent", { declarations: [], refused: [] });
    if (keys.get(key)?.declarations.length === 0) keys.delete(key);
  }
  const { clusterId, revision } = reading;
  return { endpoints, clusterId, revision, keys: inListedOrder(keys, listed) };
}

function unmarked({ leavesAtMs: _leavesAtMs, ...declaration }: Declaration): Declaration {
  return declaration;
}

/**
 * Why not to trust a reading: an older revision, or another cluster at the same endpoints, is more likely a restored backup
 * or a mistake than a wish to stop all topics.
 * @returns one sentence, or null to accept the reading
 */
export function distrust(
  previous: EtcdMemory | null,
  reading: EtcdReading,
  endpoints: readonly string[],
): string | null {
  if (previous === null || previous.endpoints.join() !== endpoints.join()) return null;
  const way = "the previous declarations stay active; POST /reconcile?accept=etcd accepts the new ones";
  if (reading.clusterId !== previous.clusterId) {
    return `a different cluster responds at the same endpoints (${reading.clusterId} instead of ${previous.clusterId}); ${way}`;
  }
  if (reading.revision < previous.revision) {
    return `its revision went back from ${previous.revision} to ${reading.revision}; ${way}`;
  }
  return null;
}

/**
 * For an unreadable etcd: keeps the keys that are still listed, in the current order. A key removed from `etcd.keys` is absent.
 * @param listed `etcd.keys`
 */
export function stillListed(memory: EtcdMemory, listed: readonly string[]): EtcdMemory {
  const kept = [...memory.keys].filter(([key]) => placeOf(key, listed) >= 0);
  return { ...memory, keys: inListedOrder(kept, listed) };
}

/** Sorts by precedence; keys below the same prefix keep their order. */
function inListedOrder(
  keys: Iterable<readonly [string, KeyMemory]>,
  listed: readonly string[],
): Map<string, KeyMemory> {
  return new Map([...keys].sort(([a], [b]) => placeOf(a, listed) - placeOf(b, listed)));
}

/**
 * The reading as it would be with this value of a key; a key that no host reads changes nothing. The future revision is
 * unknown, so the key keeps its current one, or 0 if absent.
 */
export function withKey(
  reading: EtcdReading,
  listed: readonly string[],
  change: EtcdKeyText | null,
): EtcdReading {
  if (change === null || placeOf(change.key, listed) < 0) return reading;
  const { key, text } = change;
  const held = reading.keys.find((one) => one.key === key);
  const changed = { key, value: text, problem: null, modRevision: held?.modRevision ?? 0 };
  if (held !== undefined) {
    return { ...reading, keys: reading.keys.map((one) => (one === held ? changed : one)) };
  }
  const keys = [...reading.keys, changed].toSorted(
    (a, b) =>
      placeOf(a.key, listed) - placeOf(b.key, listed) ||
      Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)),
  );
  return { ...reading, keys };
}
