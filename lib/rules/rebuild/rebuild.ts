import { z } from "zod";
import { maxOrderBytes, type StoredOrder } from "../offsets/order-groups.ts";

/*
 * What is kept of a rebuild, in two consumer groups that nobody joins. The order is written by whoever steers the rebuild,
 * the positions only by the hosts that own the partitions. So nobody overwrites what somebody else wrote.
 */

/** Records by their outcome in the new index. */
export type RebuildCounts = Readonly<Record<"indexed" | "duplicate" | "deadLettered" | "skipped", number>>;

/** How far one partition is: an entry of the group `<kafka.group>.rebuild-positions`. */
export interface RebuildPosition {
  /** Of the order. */
  readonly id: string;
  readonly partition: number;
  /** The first offset that was in Kafka. */
  readonly start: number;
  /** All records below have an outcome. */
  readonly next: number;
  /** The owner knows that both indices are filled, and has gone back to the live position for it. */
  readonly both: boolean;
  /** It has once had everything that was in Kafka. */
  readonly reached: boolean;
  readonly counts: RebuildCounts;
  /** Offsets that Kafka deleted before they were read. */
  readonly lost: number;
  /** Why it does not get on, as one sentence; null if it does. */
  readonly trouble: string | null;
}

/**
 * What somebody ordered last about a topic's rebuild. It is kept beside the order, and alone once that has ended, because an
 * order does not tell every step, nor whose it was.
 */
export type RebuildStep = Readonly<z.infer<typeof stepShape>>;

/** The order to rebuild a topic: the metadata of the topic's partition 0 in the group `<kafka.group>.rebuilds`. */
export type RebuildOrder = Readonly<z.infer<typeof orderShape>>;

const orderShape = z.object({
  id: z.string(),
  /** The new index. */
  index: z.string(),
  /** The new index's UUID: another index of that name lacks what was written before. */
  uuid: z.string(),
  /** The index that the topic was written to when the rebuild began. */
  old: z.string(),
  /** The alias of `old` that the topic declares; null if it declares the index itself. */
  alias: z.string().nullable(),
  by: z.string(),
  /** ISO 8601. */
  since: z.string(),
  paused: z.boolean(),
  /** Both indices get each record from now on, because either may become the live one. */
  both: z.boolean(),
});
const stepShape = z.object({
  action: z.string(),
  /** The new index. */
  index: z.string(),
  force: z.boolean(),
  by: z.string(),
  /** Milliseconds since the epoch. It tells one step from the next. */
  at: z.number(),
});
const entryShape = z.object({ step: stepShape });
const count = z.number();
const positionShape = z.object({
  id: z.string(),
  start: count,
  both: z.boolean(),
  reached: z.boolean().default(false),
  counts: z.object({ indexed: count, duplicate: count, deadLettered: count, skipped: count }),
  lost: count,
  trouble: z.string().nullable(),
});
/** The topic's order stands in this partition, which every topic has. */
const orderPartition = 0;
/** Keeps a position's metadata far below Kafka's limit of 4,096 bytes. */
const maxTroubleLength = 500;

/** The topic's order; null if there is none, or none that this version can read. */
export function rebuildOf(entries: readonly StoredOrder[], topic: string): RebuildOrder | null {
  const entry = entries.find((one) => one.topic === topic && one.partition === orderPartition);
  return entry === undefined ? null : parsed(orderShape, entry.metadata);
}

/** The orders of all topics that are rebuilt. */
export function rebuildsIn(entries: readonly StoredOrder[]): ReadonlyMap<string, RebuildOrder> {
  const orders = new Map<string, RebuildOrder>();
  for (const { topic } of entries) {
    const order = rebuildOf(entries, topic);
    if (order !== null) orders.set(topic, order);
  }
  return orders;
}

/** The last steps, by topic, also of rebuilds that have ended since. */
export function stepsIn(entries: readonly StoredOrder[]): ReadonlyMap<string, RebuildStep> {
  const steps = new Map<string, RebuildStep>();
  for (const { topic, partition, metadata } of entries) {
    const entry = partition === orderPartition ? parsed(entryShape, metadata) : null;
    if (entry !== null) steps.set(topic, entry.step);
  }
  return steps;
}

/** @param order null: none any more */
export function orderEntry(topic: string, order: RebuildOrder | null, step?: RebuildStep): StoredOrder {
  return { topic, partition: orderPartition, offset: 0, metadata: JSON.stringify({ ...order, step }) };
}

/** Longer than the UUID of any index. */
const uuidStandIn = "u".repeat(100);

/** Whether Kafka takes the order, whose index need not exist yet. */
export function fitsKafka(topic: string, order: Omit<RebuildOrder, "uuid">): boolean {
  const { index, by } = order;
  const step = { action: "cancel", index, force: false, by, at: Number.MAX_SAFE_INTEGER };
  return (
    Buffer.byteLength(orderEntry(topic, { ...order, uuid: uuidStandIn }, step).metadata) <= maxOrderBytes
  );
}

/** The positions of the topic's rebuild, by partition. */
export function positionsOf(
  entries: readonly StoredOrder[],
  topic: string,
  id: string,
): ReadonlyMap<number, RebuildPosition> {
  const own = entries.filter((entry) => entry.topic === topic);
  return new Map(
    own.flatMap(({ partition, offset, metadata }) => {
      const found = parsed(positionShape, metadata);
      return found?.id === id ? [[partition, { ...found, partition, next: offset }] as const] : [];
    }),
  );
}

export function positionEntry(topic: string, position: RebuildPosition): StoredOrder {
  const { partition, next: offset, trouble, ...rest } = position;
  const metadata = JSON.stringify({ ...rest, trouble: trouble?.slice(0, maxTroubleLength) ?? null });
  return { topic, partition, offset, metadata };
}

function parsed<T>(shape: z.ZodType<T>, metadata: string): T | null {
  if (metadata === "") return null;
  try {
    return shape.safeParse(JSON.parse(metadata)).data ?? null;
  } catch {
    // Not JSON: somebody else's.
    return null;
  }
}
