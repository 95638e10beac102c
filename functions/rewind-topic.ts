import { PenstockError, usage } from "../lib/rules/base/errors.ts";
import type { StoredOrder } from "../lib/rules/offsets/order-groups.ts";
import { counted } from "../lib/rules/base/units.ts";
import type { LogRange } from "../lib/rules/offsets/position.ts";
import {
  parseRewindOrder,
  planRewind,
  type RewindOrder,
  type RewindStep,
  type RewindTarget,
} from "../lib/rules/offsets/rewind.ts";
import { momentOf } from "../lib/rules/offsets/start-point.ts";
import { rebuildOf } from "../lib/rules/rebuild/rebuild.ts";

export interface RewindInput {
  readonly topic: string;
  readonly to: RewindTarget;
  /** Null: all that `to` means. */
  readonly partition: number | null;
  /** Only says what would happen. */
  readonly dryRun: boolean;
  /** Who. */
  readonly by: string;
}

export interface RewindDeps {
  isDeclared(topic: string): boolean;
  /** By partition, to the last stable offset. @throws PenstockError `topic_missing` and others */
  ranges(topic: string): Promise<ReadonlyMap<number, LogRange>>;
  /** The group's commits by partition; null if none. @throws PenstockError */
  committed(topic: string): Promise<ReadonlyMap<number, { readonly offset: number | null }>>;
  /** By partition: the first record of that time or later, or the end of the log. @throws PenstockError */
  offsetsAt(topic: string, atMs: number): Promise<ReadonlyMap<number, number>>;
  /** The orders of all topics. @throws PenstockError */
  readRewinds(): Promise<readonly StoredOrder[]>;
  writeRewinds(orders: readonly StoredOrder[]): Promise<void>;
  readRebuilds(): Promise<readonly StoredOrder[]>;
  /** How many hosts are in the group; null: at least one. */
  hosts(): Promise<number | null>;
  /** Milliseconds since the epoch. */
  now(): number;
  wait(ms: number): Promise<void>;
  newId(): string;
}

export interface RewindResult {
  readonly topic: string;
  /**
   * `planned`: a dry run. `refused`: the topic is rebuilt, or moved already.
   * `unchanged`: it is there already.
   * `moved`: done. `waiting`: ordered, but not all partitions have moved yet. `superseded`: another rewind took its place.
   */
  readonly action: "planned" | "refused" | "unchanged" | "moved" | "waiting" | "superseded";
  /** A sentence without a full stop. */
  readonly message: string;
  readonly partitions: readonly RewindStep[];
  /** Records that are read again, at most. */
  readonly again: number;
  /** Records that are not read, unless it goes back again, at most. */
  readonly skipped: number;
  /** Partitions that have not moved yet. */
  readonly waiting: readonly number[];
}

/** Each host looks every 2 s, and settles what is in flight for 5 s at most. */
const PATIENCE_MS = 30_000;
const LOOK_MS = 300;
/** From then on, another order may take the place of one that no host has carried out. */
const REPLACEABLE_MS = 60_000;

/**
 * Moves a topic's group to another position. The order is kept in Kafka, and each partition's owner carries it out once,
 * between two records.
 * @throws PenstockError `usage` (the value and the rule), `topic_missing`, and what the deps throw
 */
export async function rewindTopic(input: RewindInput, deps: RewindDeps): Promise<RewindResult> {
  const { topic } = input;
  if (!deps.isDeclared(topic))
    throw new PenstockError(
      "topic_missing",
      `topic "${topic}" is declared neither in the config file nor in etcd`,
    );
  const steps = await stepsOf(input, deps);
  const moves = steps.filter(({ from, to }) => from !== to);
  const sum = (some: readonly RewindStep[]): number =>
    some.reduce((total, { records }) => total + records, 0);
  const [again, skipped] = [
    sum(moves.filter(({ from, to }) => to < from)),
    sum(moves.filter(({ from, to }) => to > from)),
  ];
  const be = (count: number): string => (input.dryRun ? "would be" : count === 1 ? "is" : "are");
  const what = [
    again > 0 ? `${counted(again, "record")} ${be(again)} read again` : [],
    skipped > 0 ? `${counted(skipped, "record")} ${be(skipped)} skipped` : [],
  ].flat();
  const told = { topic, partitions: steps, again, skipped };
  const result = (action: RewindResult["action"], message: string, waiting: readonly number[] = []) => ({
    ...told,
    action,
    message,
    waiting,
  });
  if (moves.length === 0) return result("unchanged", `topic "${topic}" is there already: nothing to do`);
  const obstacle = await obstacleOf(topic, deps);
  if (obstacle !== null) return result("refused", obstacle);
  if (input.dryRun)
    return result("planned", `topic "${topic}" would move: ${what.join(", ")}; nothing was changed`);

  const order = { id: deps.newId(), by: input.by, at: new Date(deps.now()).toISOString() };
  await deps.writeRewinds(
    moves.map(({ partition, from, to }) => {
      const stored: RewindOrder = { ...order, from, done: false };
      return { topic, partition, offset: to, metadata: JSON.stringify(stored) };
    }),
  );
  const hosts = await deps.hosts();
  const untilMs = deps.now() + (hosts === 0 ? 0 : PATIENCE_MS);
  for (;;) {
    const left = await leftOf(topic, order.id, moves, deps);
    if (left === null)
      return result(
        "superseded",
        `topic "${topic}": another rewind was ordered meanwhile, and takes the place of this one`,
      );
    if (left.length === 0) return result("moved", `topic "${topic}" has moved: ${what.join(", ")}`);
    if (deps.now() >= untilMs) {
      const why = hosts === 0 ? "no host runs" : "their hosts have not moved them yet";
      const names = `${left.length === 1 ? "partition" : "partitions"} ${left.join(", ")}`;
      const message = `topic "${topic}": ${names} will move as soon as a host reads them (${why}): ${what.join(", ")}`;
      return result("waiting", message, left);
    }
    await deps.wait(LOOK_MS);
  }
}

async function stepsOf({ topic, to, partition }: RewindInput, deps: RewindDeps): Promise<RewindStep[]> {
  const atMs = to.kind === "time" || to.kind === "ago" ? momentOf(to, deps.now()) : null;
  if (atMs !== null && atMs > deps.now())
    throw usage(
      `to ${new Date(atMs).toISOString()} is in the future: it is ${new Date(deps.now()).toISOString()} now`,
    );
  // The end of the log is read second, so that it cannot be below the committed offset.
  const committed = await deps.committed(topic);
  const ranges = await deps.ranges(topic);
  const atTime = atMs === null ? new Map<number, number>() : await deps.offsetsAt(topic, atMs);
  const standings = [...ranges]
    .map(([number, { start, end }]) => ({
      partition: number,
      start,
      end,
      committed: committed.get(number)?.offset ?? null,
    }))
    .sort((a, b) => a.partition - b.partition);
  return planRewind(topic, to, partition, standings, atTime);
}

/** Why it must not be moved now; null if it may. */
async function obstacleOf(topic: string, deps: RewindDeps): Promise<string | null> {
  if (rebuildOf(await deps.readRebuilds(), topic) !== null)
    return `topic "${topic}" is being rebuilt: finish or cancel that first, because it counts on the live position`;
  for (const one of await deps.readRewinds()) {
    const order = one.topic === topic ? parseRewindOrder(one.metadata) : null;
    if (order === null || order.done || Date.parse(order.at) + REPLACEABLE_MS <= deps.now()) continue;
    const where = `partition ${one.partition}, is being moved to offset ${one.offset} already`;
    return `topic "${topic}", ${where}, ordered by ${order.by} at ${order.at}: try again when it is there, or after a minute`;
  }
  return null;
}

/** The partitions that have not moved yet; null if another order stands. */
async function leftOf(
  topic: string,
  id: string,
  moves: readonly RewindStep[],
  deps: RewindDeps,
): Promise<readonly number[] | null> {
  const orders = new Map(
    (await deps.readRewinds())
      .filter((one) => one.topic === topic)
      .map(({ partition, metadata }) => [partition, parseRewindOrder(metadata)]),
  );
  const own = moves.map(({ partition }) => ({ partition, order: orders.get(partition) }));
  if (own.some(({ order }) => order?.id !== id)) return null;
  return own.filter(({ order }) => order?.done !== true).map(({ partition }) => partition);
}
