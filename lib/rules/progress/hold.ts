import type { SourceRef } from "../model/declaration.ts";

/** Why a topic is not read: its declaration says so, or somebody ordered it. */
export interface Hold {
  readonly from: "declaration" | "order";
  /** Who: a person, a client, or the place of the declaration. */
  readonly by: string;
  /** ISO 8601. Of a declaration: since this host has known it. */
  readonly since: string;
  /** As the person gave it; null if none. */
  readonly reason: string | null;
}

/** What was ordered last about one topic. Its time identifies it: an order is given by a person. */
export interface HoldOrder {
  readonly held: boolean;
  readonly by: string;
  /** When it was given, in milliseconds since the epoch. */
  readonly at: number;
  /** Of a hold; null if none was given. */
  readonly reason: string | null;
}

/** An order as it is stored in Kafka for one partition. That of partition 0 counts; the others are only confirmed. */
export interface HoldEntry extends HoldOrder {
  /** When it was last written, in milliseconds since the epoch: Kafka forgets it some days later. */
  readonly writtenAt: number;
  /** True: the owner of the partition follows it. */
  readonly taken: boolean;
}

/** The longest name and reason. Kafka takes 4,096 bytes for everything, and a character may need six as JSON. */
export const maxBy = 100;
export const maxReason = 300;

/** As metadata of a commit. */
export function holdText({ held, by, at, reason, writtenAt, taken }: HoldEntry): string {
  return JSON.stringify({ held, by, at, reason, writtenAt, taken });
}

/** @returns null if it is no order of ours */
export function parseHold(metadata: string): HoldEntry | null {
  let parsed: unknown;
  try {
    parsed = JSON.parse(metadata);
  } catch {
    return null;
  }
  if (typeof parsed !== "object" || parsed === null) return null;
  const { held, by, at, reason, writtenAt, taken } = Object.fromEntries(Object.entries(parsed));
  const isOurs =
    typeof held === "boolean" &&
    typeof by === "string" &&
    isTime(at) &&
    isTime(writtenAt) &&
    (typeof reason === "string" || reason === null) &&
    typeof taken === "boolean";
  return isOurs ? { held, by, at, reason, writtenAt, taken } : null;
}

function isTime(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && !Number.isNaN(new Date(value).getTime());
}

/** Entries of all topics, by topic and partition. */
export type HoldEntries = ReadonlyMap<string, ReadonlyMap<number, HoldEntry>>;

export function holdEntries(
  stored: Iterable<{ readonly topic: string; readonly partition: number; readonly metadata: string }>,
): HoldEntries {
  const entries = new Map<string, Map<number, HoldEntry>>();
  for (const { topic, partition, metadata } of stored) {
    const entry = parseHold(metadata);
    if (entry !== null) entries.getOrInsertComputed(topic, () => new Map()).set(partition, entry);
  }
  return entries;
}

/** What the orders of a topic say; null: nothing. */
export function orderOf(entries: HoldEntries, topic: string): HoldOrder | null {
  return entries.get(topic)?.get(0) ?? null;
}

/**
 * Takes in what Kafka holds now. What is known stays where Kafka has nothing: it forgets the orders of a topic that was
 * deleted, and who held the topic meant also the one that comes back.
 */
export function knownOrders(
  before: ReadonlyMap<string, HoldOrder>,
  entries: HoldEntries,
): ReadonlyMap<string, HoldOrder> {
  const known = new Map(before);
  for (const topic of entries.keys()) {
    const order = orderOf(entries, topic);
    // An older one was written by a host that confirmed it too late.
    if (order !== null && order.at >= (known.get(topic)?.at ?? 0)) known.set(topic, order);
  }
  return known;
}

/** What holds a topic; null: nothing. A person's order is told first: it says who and why. */
export function holdOf(
  order: HoldOrder | null,
  declared: { readonly source: SourceRef | undefined; readonly sinceMs: number } | null,
): Hold | null {
  if (order?.held === true) {
    const { by, at, reason } = order;
    return { from: "order", by, since: new Date(at).toISOString(), reason };
  }
  if (declared === null) return null;
  const by = declared.source === undefined ? "its declaration" : placeText(declared.source);
  return { from: "declaration", by, since: new Date(declared.sinceMs).toISOString(), reason: null };
}

/** Where a declaration stands: `entry 3 of config.yaml`. */
export function placeText({ kind, name, entry }: SourceRef): string {
  return `entry ${entry + 1} of ${kind === "etcd" ? `etcd key "${name}"` : name}`;
}

/** `held by alice@ops: reindexing` */
export function holdWords({ by, reason }: Pick<Hold, "by" | "reason">): string {
  return reason === null ? `held by ${by}` : `held by ${by}: ${reason}`;
}

/** Orders are written again after this time; brokers keep them for 7 days by default (offsets.retention.minutes). */
const KEEP_EVERY_MS = 86_400_000;

/**
 * The entries that the owner of these partitions has to write: to confirm that it follows the order, to keep Kafka from
 * forgetting it, and to bring it back where Kafka forgot it together with a deleted topic.
 */
export function entriesDue(
  order: HoldOrder,
  stored: ReadonlyMap<number, HoldEntry>,
  following: readonly number[],
  now: number,
): readonly { readonly partition: number; readonly entry: HoldEntry }[] {
  // That a topic is not held needs no record for ever.
  if (!order.held && !stored.has(0)) return [];
  return following.flatMap((partition) => {
    const entry = stored.get(partition);
    const isConfirmed = entry?.taken === true && entry.at === order.at;
    const isKept = partition > 0 || !order.held || now - (entry?.writtenAt ?? 0) < KEEP_EVERY_MS;
    return isConfirmed && isKept ? [] : [{ partition, entry: { ...order, writtenAt: now, taken: true } }];
  });
}

/** The partitions whose owners do not follow the order yet. */
export function notFollowing(
  { at }: HoldOrder,
  stored: ReadonlyMap<number, HoldEntry> | undefined,
  partitions: number,
): readonly number[] {
  const all = Array.from({ length: partitions }, (_, partition) => partition);
  return all.filter((partition) => {
    const entry = stored?.get(partition);
    return entry?.at !== at || !entry.taken;
  });
}
