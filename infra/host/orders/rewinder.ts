import type { GroupMember } from "../../../lib/adapters/kafka/group/member/member.ts";
import type { Tenure } from "../../../lib/adapters/kafka/group/member/tenure.ts";
import type { OrderStore } from "../../../lib/adapters/kafka/orders/order-store.ts";
import type { StoredOrder } from "../../../lib/rules/offsets/order-groups.ts";
import type { Openings } from "../../../lib/adapters/kafka/reader/opening.ts";
import type { ThrottledLogger } from "../../../lib/adapters/log/log-throttle.ts";
import { messageOf } from "../../../lib/rules/base/errors.ts";
import type { Logger } from "../../../lib/rules/base/logger.ts";
import { parseCommitNote } from "../../../lib/rules/offsets/checkpoint.ts";
import { movedMarks } from "../../../lib/rules/offsets/marks.ts";
import { parseRewindOrder, type RewindOrder } from "../../../lib/rules/offsets/rewind.ts";
import { startRounds } from "../observe/rounds.ts";
import type { HostCommitter } from "../shares/committer.ts";
import type { Intake } from "../topic/intake.ts";
import { createOrderWatch, type OrderWatch } from "./order-watch.ts";

/** What moves the positions of partitions that are ours. */
export interface PositionMover {
  /** Whether the partition is ours. */
  isOurs(topic: string, partition: number): boolean;
  /**
   * Moves a partition's position, once for each order: its id is kept in the metadata of the commit that moves it.
   * @param onDone called before the partition is opened again; not if it does not move now
   * @throws PenstockError if Kafka does not answer; the signal's reason
   */
  move(order: StoredOrder, wanted: RewindOrder, onDone: () => void, signal: AbortSignal): Promise<void>;
  /** Opens a partition of ours that was kept closed because it was to be moved first. */
  take(topic: string, partition: number): void;
}

export interface PositionMoverDeps {
  readonly intake: Pick<Intake, "move" | "take"> & {
    readonly membership: {
      readonly member: Pick<GroupMember, "tenures" | "committed">;
      readonly openings: Pick<Openings, "logOf">;
    };
  };
  readonly committer: Pick<HostCommitter, "alone">;
  readonly logger: Pick<Logger, "info">;
}

export function createPositionMover({ intake, committer, logger }: PositionMoverDeps): PositionMover {
  const tenureOf = (topic: string, partition: number): Tenure | undefined =>
    intake.membership.member.tenures.get(topic)?.get(partition);
  return {
    isOurs: (topic, partition) => tenureOf(topic, partition) !== undefined,
    take(topic, partition) {
      const tenure = tenureOf(topic, partition);
      if (tenure !== undefined) intake.take(tenure);
    },
    async move({ topic, partition, offset }, { id, by, from: atOrder }, onDone, signal) {
      const { member, openings } = intake.membership;
      const tenure = tenureOf(topic, partition);
      if (tenure === undefined) return;
      await intake.move(tenure, async () => {
        const told = await member.committed(new Map([[topic, [partition]]]), signal);
        const before = told.get(topic)?.get(partition);
        if (before === undefined) throw new Error("Kafka did not report the committed offset");
        const { marks: known, place } = parseCommitNote(before.metadata);
        const { logStart, logEnd } = await openings.logOf(topic, partition);
        const from = before.offset ?? logStart;
        // Retention may have passed it, or the topic was recreated.
        const to = Math.min(Math.max(offset, logStart), logEnd);
        // Reading has gone on since: an order to skip records must not become one to read some again.
        const isPassed = to === from || (offset >= atOrder && from > to);
        if (known?.order !== id && !isPassed) {
          const marks = movedMarks(known, { order: id, from, to });
          // What is read again goes where records go now, even if a former index has it: the declaration may have changed.
          const entry = { tenure, offset: to, last: null, place: to < from ? null : place, marks };
          const refusal = await committer.alone(entry, signal);
          if (refusal !== null) throw new Error(`Kafka refused the new position: ${refusal}`);
          logger.info("a partition was moved", { topic, partition, from, to, by });
        }
        onDone();
      });
    },
  };
}

export interface RewinderDeps {
  readonly mover: PositionMover;
  readonly store: () => OrderStore;
  readonly logger: Pick<Logger, "debug">;
  readonly failures: Pick<ThrottledLogger, "warn">;
}

/** Carries out the rewinds of partitions that are this host's. */
export interface Rewinder {
  readonly watch: OrderWatch;
  /** Whether the partition must not be read before it is moved. */
  stands(topic: string, partition: number): boolean;
  stop(): Promise<void>;
}

/** In memory, unless an order stands: partitions come and go. */
const EVERY_MS = 1_000;
const MOVE_MS = 20_000;

interface Wanted {
  readonly stored: StoredOrder;
  readonly order: RewindOrder;
}

export function createRewinder({ mover, store, logger, failures }: RewinderDeps): Rewinder {
  const life = new AbortController();
  const busy = new Map<string, Promise<void>>();
  /** By place: what is not done yet, and the last order that this host carried out. */
  let pending: ReadonlyMap<string, Wanted> = new Map();
  const carriedOut = new Map<string, string>();

  const placeOf = ({ topic, partition }: Pick<StoredOrder, "topic" | "partition">): string =>
    `${partition} ${topic}`;
  const pendingIn = (orders: readonly StoredOrder[]): Map<string, Wanted> =>
    new Map(
      orders.flatMap((stored) => {
        const order = parseRewindOrder(stored.metadata);
        return order === null || order.done ? [] : [[placeOf(stored), { stored, order }] as const];
      }),
    );

  const carryOut = async ({ stored, order }: Wanted): Promise<void> => {
    const { topic, partition } = stored;
    const place = placeOf(stored);
    const signal = AbortSignal.any([life.signal, AbortSignal.timeout(MOVE_MS)]);
    /** Another host may have carried it out since this one looked, or somebody has given another order. */
    const isStill = async (): Promise<boolean> => {
      await watch.refresh(signal);
      return pending.get(place)?.order.id === order.id;
    };
    try {
      if (carriedOut.get(place) !== order.id) {
        if (!(await isStill())) return;
        await mover.move(stored, order, () => void carriedOut.set(place, order.id), signal);
      }
      if (carriedOut.get(place) !== order.id || !(await isStill())) return;
      const metadata = JSON.stringify({ ...order, done: true } satisfies RewindOrder);
      await watch.write([{ ...stored, metadata }], signal);
    } catch (error) {
      if (life.signal.aborted) return;
      const fields = { reason: "orders", topic, partition, error: messageOf(error) };
      failures.warn("a partition could not be moved yet", fields);
    }
  };

  const stands = (at: Pick<StoredOrder, "topic" | "partition">): boolean => {
    const place = placeOf(at);
    const id = pending.get(place)?.order.id;
    return id !== undefined && carriedOut.get(place) !== id;
  };

  const look = (): void => {
    for (const [place, wanted] of pending) {
      if (busy.has(place) || !mover.isOurs(wanted.stored.topic, wanted.stored.partition)) continue;
      busy.set(
        place,
        carryOut(wanted).finally(() => busy.delete(place)),
      );
    }
  };

  const watch = createOrderWatch({
    store,
    logger,
    failures,
    onChange(orders) {
      const stood = [...pending.values()].filter(({ stored }) => stands(stored));
      pending = pendingIn(orders);
      // Another host carried it out, and then gave the partition to this one.
      for (const { stored } of stood) if (!stands(stored)) mover.take(stored.topic, stored.partition);
      look();
    },
  });
  const stopRounds = startRounds(life, { everyMs: EVERY_MS, atOnce: false }, () => {
    look();
    return Promise.resolve();
  });

  return {
    watch,
    stands: (topic, partition) => stands({ topic, partition }),
    async stop() {
      await Promise.all([watch.stop(), stopRounds(), ...busy.values()]);
    },
  };
}
