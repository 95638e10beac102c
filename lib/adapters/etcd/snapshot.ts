import {
  GRPCOutOfRangeError,
  GRPCResourceExhastedError,
  Range,
  type Etcd3,
  type IKeyValue,
  type IRangeResponse,
} from "etcd3";
import { PenstockError } from "../../rules/base/errors.ts";
import { prefixOf } from "../../rules/declarations/etcd-keys.ts";
import type { ForbiddenKey, ReadKey } from "../../rules/declarations/etcd-memory.ts";
import type { EtcdSettings } from "../../rules/model/settings.ts";
import { isPermissionDenied, permissionText } from "./errors.ts";

/** Keys per request. */
const PAGE_KEYS = 500;
/** How often to start over because the store moved on during a snapshot. */
const SNAPSHOT_TRIES = 5;

export interface EtcdKey extends ReadKey {
  /** Index of the configured key or prefix it came from. */
  readonly listed: number;
}

/** All configured keys at one revision; an absent key is not in the list. */
export interface EtcdSnapshot {
  /** etcd's cluster id, a 64-bit integer in decimal. */
  readonly clusterId: string;
  readonly revision: number;
  /** By `listed`, then by key. */
  readonly keys: readonly EtcdKey[];
  /** Configured keys and prefixes that this user may not read; `keys` holds nothing from them. */
  readonly forbidden: readonly ForbiddenKey[];
}

/** The cluster and revision that all reads of a snapshot share. */
interface Point {
  readonly clusterId: string;
  readonly revision: string;
}

/** Another cluster answered during the snapshot: the pages do not belong together. */
class SnapshotMoved extends Error {}

/** The range of a configured entry: all keys under its prefix, otherwise one key. */
export function rangeOf(listedKey: string): Range {
  const prefix = prefixOf(listedKey);
  return prefix === null ? new Range(listedKey) : Range.prefix(prefix);
}

/**
 * Reads every listed key and prefix, linearizably and at one revision. A key that two entries match belongs to the
 * first. Entries we may not read are returned as `forbidden`. Aborting takes effect between two requests.
 *
 * @throws PenstockError `etcd_refused` if none of the entries may be read
 */
export async function readSnapshot(
  etcd: Etcd3,
  { keys: listed, auth }: Pick<EtcdSettings, "keys" | "auth">,
  signal: AbortSignal,
): Promise<EtcdSnapshot> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await readOnce(etcd, listed, auth, signal);
    } catch (error) {
      // The revision was compacted, or does not exist yet in the cluster we failed over to. Start over at the latest.
      const moved = error instanceof GRPCOutOfRangeError || error instanceof SnapshotMoved;
      if (!moved || attempt >= SNAPSHOT_TRIES) throw error;
    }
  }
}

/** Returns the text of an etcd value, or the problem that prevents reading it. */
export function textOf(value: Buffer): { readonly value: string | null; readonly problem: string | null } {
  try {
    return { value: new TextDecoder("utf-8", { fatal: true }).decode(value), problem: null };
  } catch {
    return { value: null, problem: "the value is not valid UTF-8" };
  }
}

async function readOnce(
  etcd: Etcd3,
  listed: readonly string[],
  auth: EtcdSettings["auth"],
  signal: AbortSignal,
): Promise<EtcdSnapshot> {
  const found = new Map<string, EtcdKey>();
  const forbidden: ForbiddenKey[] = [];
  let refusal: unknown = null;
  let point: Point | null = null;
  for (const [place, name] of listed.entries()) {
    let range: { at: Point; kvs: IKeyValue[] };
    try {
      range = await readRange(etcd, rangeOf(name), point, signal);
    } catch (error) {
      if (!isPermissionDenied(error)) throw error;
      refusal = error;
      const prefix = prefixOf(name);
      const what = prefix === null ? `the key "${name}"` : `the prefix "${prefix}"`;
      forbidden.push({ listed: name, reason: permissionText(what, "read", auth) });
      continue;
    }
    const { at, kvs } = range;
    point = at;
    for (const kv of kvs) {
      const bytes = kv.key.toString("latin1");
      if (!found.has(bytes)) found.set(bytes, toEtcdKey(kv, place));
    }
  }
  if (point === null && forbidden.length > 0) {
    const reasons = forbidden.map(({ reason }) => reason).join("; ");
    throw new PenstockError("etcd_refused", reasons, { cause: refusal });
  }
  if (point === null)
    throw new PenstockError("config_invalid", "etcd.keys is empty: there is nothing to read");
  return {
    clusterId: point.clusterId,
    revision: Number(point.revision),
    keys: [...found.values()],
    forbidden,
  };
}

/** Reads one range in pages. grpc-js refuses answers over 4 MB, so a page that is too big is retried at a quarter. */
async function readRange(etcd: Etcd3, range: Range, point: Point | null, signal: AbortSignal) {
  const kvs: IKeyValue[] = [];
  let start = range.start;
  let at = point;
  for (let limit = PAGE_KEYS; ;) {
    signal.throwIfAborted();
    let page: IRangeResponse;
    try {
      page = await etcd.kv.range({
        key: start,
        ...(range.end.length > 0 ? { range_end: range.end } : {}),
        limit,
        serializable: false,
        ...(at ? { revision: at.revision } : {}),
      });
    } catch (error) {
      if (limit === 1 || !isTooBig(error)) throw error;
      limit = Math.ceil(limit / 4);
      continue;
    }
    at ??= { clusterId: page.header.cluster_id, revision: page.header.revision };
    if (page.header.cluster_id !== at.clusterId)
      throw new SnapshotMoved("another etcd cluster answered in between");
    kvs.push(...page.kvs);
    const last = page.kvs.at(-1);
    if (!page.more || !last) return { at, kvs };
    start = Buffer.concat([last.key, Buffer.of(0)]);
  }
}

function isTooBig(error: unknown): boolean {
  return error instanceof GRPCResourceExhastedError && error.message.includes("larger than max");
}

function toEtcdKey(kv: IKeyValue, listed: number): EtcdKey {
  return { key: kv.key.toString("utf8"), ...textOf(kv.value), modRevision: Number(kv.mod_revision), listed };
}
