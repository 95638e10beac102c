import type { Declaration, Refusal } from "../model/declaration.ts";
import { parseEtcdValue } from "./etcd-value.ts";
import { placeOf } from "./etcd-keys.ts";
import { believedAtMs, lookAt, withLeaving, type Stillness } from "./patience.ts";
import type { EtcdSettings } from "../model/settings.ts";

/** What etcd held at one revision; see lib/adapters/etcd. */
export interface EtcdReading {
  readonly clusterId: string;
  readonly revision: number;
  readonly keys: readonly {
    readonly key: string;
    /** Null: not text; `problem` says why. */
    readonly value: string | null;
    readonly problem: string | null;
    readonly modRevision: number;
  }[];
  /** Listed keys and prefixes that may not be read; absent: none. */
  readonly forbidden?: readonly { readonly listed: string; readonly reason: string }[];
}

/** What a key holds, or could hold. */
export interface EtcdKeyText {
  readonly key: string;
  readonly text: string;
}

/** What etcd last said, kept for when it cannot be read: last good, per key and entry. */
export interface EtcdMemory {
  /** Which endpoints it came from; a change of these in the config file is deliberate. */
  readonly endpoints: readonly string[];
  readonly clusterId: string;
  readonly revision: number;
  /** In order of precedence. */
  readonly keys: ReadonlyMap<string, KeyMemory>;
}

export interface KeyMemory {
  /** In force, those on their way out at the end. */
  readonly declarations: readonly Declaration[];
  readonly refused: readonly Refusal[];
  readonly stillness: Stillness;
}

/**
 * Takes a reading in. Keys that are gone are forgotten once that is believed (see patience.ts): absence stops a topic, and
 * only absence. What may not be read keeps what it said before.
 *
 * @param settings the keys that are listed, and where they were read
 * @param patientAtMs now, milliseconds since the epoch; null: what is read is believed at once
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
  /** What a key said when it was last read; what was on its way out then is not held back by what cannot be read now. */
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
  // A key of a forbidden prefix may be listed by itself too, and be readable: then it is absent, where it was not read.
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
 * Why a reading must not be believed: an etcd that went back in time, or another cluster behind the same
 * endpoints, is more likely a restored backup or a mistake than everybody's wish to stop their topics.
 * @returns one sentence, or null where it may be taken
 */
export function distrust(
  previous: EtcdMemory | null,
  reading: EtcdReading,
  endpoints: readonly string[],
): string | null {
  if (previous === null || previous.endpoints.join() !== endpoints.join()) return null;
  const way = "what it said before is kept; POST /reconcile?accept=etcd takes what it says now";
  if (reading.clusterId !== previous.clusterId) {
    return `another cluster answers at the same endpoints (${reading.clusterId} instead of ${previous.clusterId}); ${way}`;
  }
  if (reading.revision < previous.revision) {
    return `its revision went back from ${previous.revision} to ${reading.revision}; ${way}`;
  }
  return null;
}

/**
 * Keeps of an unreadable etcd what is still listed, in the order of today's list: a key taken out of `etcd.keys` is absent whatever etcd says.
 * @param listed exact keys, and prefixes that end in `/`
 */
export function stillListed(memory: EtcdMemory, listed: readonly string[]): EtcdMemory {
  const kept = [...memory.keys].filter(([key]) => placeOf(key, listed) >= 0);
  return { ...memory, keys: inListedOrder(kept, listed) };
}

/** The order of precedence; keys of one place stay as they are. */
function inListedOrder(
  keys: Iterable<readonly [string, KeyMemory]>,
  listed: readonly string[],
): Map<string, KeyMemory> {
  return new Map([...keys].sort(([a], [b]) => placeOf(a, listed) - placeOf(b, listed)));
}

/**
 * The reading as it would be if a key held this text; a key that nobody reads changes nothing. Which revision it would
 * have nobody knows: it keeps the one it has, 0 where it is absent.
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
