import type { RebuildIndices } from "../../lib/adapters/elasticsearch/rebuild/rebuild-indices.ts";
import { PenstockError, usage } from "../../lib/rules/base/errors.ts";
import { quoted } from "../../lib/rules/base/visible-text.ts";
import type { StoredOrder } from "../../lib/rules/offsets/order-groups.ts";
import type { Specification } from "../../lib/rules/model/declaration.ts";
import {
  positionsOf,
  type RebuildOrder,
  rebuildOf,
  type RebuildPosition,
} from "../../lib/rules/rebuild/rebuild.ts";
import type { Spans } from "../../lib/rules/offsets/span-tracks.ts";
import { type RebuildStatus, rebuildStatusOf } from "../../lib/rules/rebuild/rebuild-status.ts";

/** Entries in Kafka. Both throw PenstockError `kafka_unavailable` or `kafka_refused`. */
export interface EntryStore {
  read(signal: AbortSignal): Promise<readonly StoredOrder[]>;
  write(entries: readonly StoredOrder[], signal: AbortSignal): Promise<void>;
}

/** Where rebuilds are kept, and what they are about. */
export interface RebuildWorld {
  /** The declared topics. */
  readonly specs: ReadonlyMap<string, Specification>;
  readonly orders: EntryStore;
  readonly positions: EntryStore;
  readonly indices: RebuildIndices;
  /** The readable offsets by partition. @throws PenstockError `topic_missing` or `kafka_unavailable` */
  ranges(topic: string, signal: AbortSignal): Promise<Spans>;
  /** Why the topic itself is not read, as a rebuild then waits too; null if it is. @throws PenstockError */
  heldBack(topic: string, signal: AbortSignal): Promise<string | null>;
  /** Milliseconds since the epoch. */
  now(): number;
  readonly signal: AbortSignal;
}

/** A topic's rebuild as it is now. */
export interface SeenRebuild {
  readonly order: RebuildOrder;
  readonly positions: ReadonlyMap<number, RebuildPosition>;
  readonly status: RebuildStatus;
  /** The index that the topic is written to; null if unknown. */
  readonly live: string | null;
}

/**
 * Asks Kafka and Elasticsearch how far a topic's rebuild is. Its rate is the average since the beginning.
 * @throws PenstockError `usage` if the topic is not rebuilt, `topic_missing` if no source declares it either; if a server
 *   fails
 */
export async function lookAtRebuild(topic: string, world: RebuildWorld): Promise<SeenRebuild> {
  const { indices, signal } = world;
  const order = rebuildOf(await world.orders.read(signal), topic);
  if (order === null) {
    if (!world.specs.has(topic)) throw undeclared(topic);
    throw usage(`Topic ${quoted(topic)}: no rebuild of it has begun`);
  }
  const positions = positionsOf(await world.positions.read(signal), topic, order.id);
  const log = await world.ranges(topic, signal);
  const uuid = await indices.uuid(order.index, signal);
  const live = await liveIndex(order, world.specs.get(topic) ?? null, indices, signal);
  const sinceMs = world.now() - Date.parse(order.since);
  const told = { positions, log, uuid, live, held: await world.heldBack(topic, signal) };
  const { done } = rebuildStatusOf(order, { ...told, rate: null });
  const rate = sinceMs > 0 ? Math.round((1_000 * done) / sinceMs) : null;
  return { order, positions, live, status: rebuildStatusOf(order, { ...told, rate }) };
}

/** The index that the topic is written to: behind its alias, or the one it declares; null if unknown. */
export async function liveIndex(
  { alias }: RebuildOrder,
  spec: Specification | null,
  indices: Pick<RebuildIndices, "resolve">,
  signal: AbortSignal,
): Promise<string | null> {
  if (alias === null || spec?.index !== alias) return spec?.index ?? null;
  const behind = (await indices.resolve([alias], signal)).get(alias)?.indices ?? [];
  return behind.length === 1 ? (behind[0] ?? null) : null;
}

export function undeclared(topic: string): PenstockError {
  return new PenstockError("topic_missing", `Topic ${quoted(topic)}: no source declares it`);
}
