import { afterEach, expect, jest, test } from "bun:test";
import {
  createPositionMover,
  createRewinder,
  type PositionMover,
} from "../../../../infra/host/orders/rewinder.ts";
import type { CommitEntry } from "../../../../lib/adapters/kafka/group/member/member.ts";
import { Tenure } from "../../../../lib/adapters/kafka/group/member/tenure.ts";
import type { OrderStore } from "../../../../lib/adapters/kafka/orders/order-store.ts";
import type { StoredOrder } from "../../../../lib/rules/offsets/order-groups.ts";
import { commitMetadata } from "../../../../lib/rules/offsets/checkpoint.ts";
import { movedMarks } from "../../../../lib/rules/offsets/marks.ts";
import { parseRewindOrder, type RewindOrder } from "../../../../lib/rules/offsets/rewind.ts";
import { eventually } from "../../../support/eventually.ts";
import { advance } from "../../../support/fake-time.ts";
import { createMemoryLogger } from "../../../support/memory-logger.ts";
import { rejection } from "../../../support/rejection.ts";

afterEach(() => void jest.useRealTimers());

const order = (changes: Partial<RewindOrder> = {}): RewindOrder => ({
  id: "one",
  by: "me",
  at: "2026-11-30T12:00:00.000Z",
  from: 90,
  done: false,
  ...changes,
});
const stored = (offset: number, wanted: RewindOrder): StoredOrder => ({
  topic: "app",
  partition: 0,
  offset,
  metadata: JSON.stringify(wanted),
});

/** One owned partition whose log has offsets 10 to 100, and a commit. */
function ownWorld(commit: { offset: number | null; metadata: string | null }, refusal: string | null = null) {
  const tenure = new Tenure("app", 0);
  const commits: CommitEntry[] = [];
  const steps: string[] = [];
  const mover = createPositionMover({
    intake: {
      async move(moved, act) {
        steps.push(`settle ${moved.partition}`);
        await act();
        steps.push("open");
      },
      take: (taken) => void steps.push(`take ${taken.partition}`),
      membership: {
        member: {
          tenures: new Map([["app", new Map([[0, tenure]])]]),
          committed: () => Promise.resolve(new Map([["app", new Map([[0, commit]])]])),
        },
        openings: { logOf: () => Promise.resolve({ logStart: 10, logEnd: 100 }) },
      },
    },
    committer: {
      alone(entry) {
        steps.push("commit");
        commits.push(entry);
        return Promise.resolve(refusal);
      },
    },
    logger: createMemoryLogger(),
  });
  const move = (offset: number, wanted = order()) =>
    mover.move(stored(offset, wanted), wanted, () => steps.push("done"), new AbortController().signal);
  return { mover, move, commits, steps, tenure };
}

test("the position moves between settling and opening; the commit says which order did it, and what may be sent twice", async () => {
  const place = { last: { offset: 89, timestamp: 5 }, place: "app" };
  const { move, commits, steps, tenure } = ownWorld({ offset: 90, metadata: commitMetadata(place) });
  await move(20);
  expect(steps).toEqual(["settle 0", "commit", "done", "open"]);
  expect(commits).toEqual([
    {
      tenure,
      offset: 20,
      // The record before it is another one.
      last: null,
      // Nor does it matter where records went before.
      place: null,
      marks: { order: "one", from: null, below: 90, skipped: [] },
    },
  ]);
});

test("an order is carried out once, also if its end could not be noted before a crash", async () => {
  const marks = movedMarks(null, { order: "one", from: 90, to: 20 });
  const { move, commits, steps } = ownWorld({
    offset: 45,
    metadata: commitMetadata({ last: null, place: null, marks }),
  });
  await move(20);
  expect([commits, steps]).toEqual([[], ["settle 0", "done", "open"]]);
});

test.each([
  // Retention has passed it.
  [90, 5, 10],
  // The log is another, shorter one.
  [90, 120, 100],
  // Reading has gone on: back is still back, but what was to be skipped has been read.
  [95, 20, 20],
  [95, 93, null],
  [90, 90, null],
  // Nothing was committed: it would begin at the log's start.
  [null, 50, 50],
])("from %p to %p: to %p", async (committed, target, expected) => {
  const { move, commits, steps } = ownWorld({ offset: committed, metadata: null });
  await move(target);
  expect(commits.map(({ offset }) => offset)).toEqual(expected === null ? [] : [expected]);
  expect(steps).toContain("done");
});

test("a refused commit is no move", async () => {
  const { move, steps } = ownWorld({ offset: 90, metadata: null }, "TENURE_ENDED");
  expect(await rejection(move(20))).toHaveProperty("message", "Kafka refused the new position: TENURE_ENDED");
  expect(steps).toEqual(["settle 0", "commit"]);
});

test("a partition that was kept closed is opened if it is still ours", () => {
  const { mover, steps } = ownWorld({ offset: 90, metadata: null });
  for (const partition of [0, 1]) mover.take("app", partition);
  expect(steps).toEqual(["take 0"]);
});

function rewinderOver(orders: StoredOrder[], move: PositionMover["move"], isOurs = () => true) {
  const state = { orders, reads: 0, taken: [] as string[] };
  const store: OrderStore = {
    read() {
      state.reads += 1;
      return Promise.resolve([...state.orders]);
    },
    write(some) {
      state.orders = [...some];
      return Promise.resolve();
    },
  };
  const logger = createMemoryLogger();
  const take = (...place: [string, number]): void => void state.taken.push(place.join(" "));
  const mover = { isOurs, move, take };
  const rewinder = createRewinder({ mover, store: () => store, logger, failures: logger });
  return { rewinder, state, logger };
}
const isDone = ({ orders }: { orders: readonly StoredOrder[] }) =>
  parseRewindOrder(orders[0]?.metadata ?? "")?.done === true;

test("an order of a partition of ours is carried out and then marked so; until then it is not read", async () => {
  const seen: boolean[] = [];
  const { rewinder, state } = rewinderOver([stored(20, order())], (_, __, onDone) => {
    seen.push(rewinder.stands("app", 0), rewinder.stands("app", 1));
    onDone();
    seen.push(rewinder.stands("app", 0));
    return Promise.resolve();
  });
  await rewinder.watch.ready(AbortSignal.timeout(1_000));
  await eventually("it is marked", async () => isDone(state));
  expect(seen).toEqual([true, false, false]);
  expect(state.orders[0]?.offset).toBe(20);
  await rewinder.stop();
});

test("a partition that comes to this host before it knows that the former owner moved it is read all the same", async () => {
  let isOurs = false;
  let moved = 0;
  const { rewinder, state } = rewinderOver(
    [stored(20, order())],
    () => Promise.resolve(void (moved += 1)),
    () => isOurs,
  );
  await rewinder.watch.ready(AbortSignal.timeout(1_000));
  state.orders = [stored(20, order({ done: true }))];
  isOurs = true;
  expect([rewinder.stands("app", 0), state.taken]).toEqual([true, []]);
  await rewinder.watch.refresh(AbortSignal.timeout(1_000));
  expect([rewinder.stands("app", 0), state.taken, moved]).toEqual([false, ["app 0"], 0]);
  await rewinder.stop();
});

test("an order that was given while an older one was carried out stays, and is carried out too", async () => {
  const carriedOut: string[] = [];
  const newer = stored(50, order({ id: "two", at: "2026-11-30T12:01:01.000Z" }));
  jest.useFakeTimers();
  const { rewinder, state } = rewinderOver([stored(20, order())], (_, { id }, onDone) => {
    carriedOut.push(id);
    if (id === "one") state.orders = [newer];
    onDone();
    return Promise.resolve();
  });
  await advance(200);
  expect([carriedOut, state.orders]).toEqual([["one"], [newer]]);
  await advance(2_000);
  jest.useRealTimers();
  expect([carriedOut, isDone(state), state.orders[0]?.offset]).toEqual([["one", "two"], true, 50]);
  await rewinder.stop();
});

test("what fails or is not open yet is tried again; what is another host's or done already is left alone", async () => {
  let tries = 0;
  jest.useFakeTimers();
  const { rewinder, state, logger } = rewinderOver([stored(20, order())], (_, __, onDone) => {
    tries += 1;
    if (tries === 1) return Promise.reject(new Error("Kafka is away"));
    if (tries === 3) onDone();
    return Promise.resolve();
  });
  await advance(2_000);
  expect(isDone(state)).toBe(true);
  jest.useRealTimers();
  expect(tries).toBe(3);
  expect(logger.lines.map(({ message }) => message)).toEqual(["a partition could not be moved yet"]);
  await rewinder.stop();

  for (const [orders, isOurs] of [
    [[stored(20, order())], false],
    [[stored(20, order({ done: true }))], true],
  ] as const) {
    let moved = 0;
    const other = rewinderOver(
      [...orders],
      () => Promise.resolve(void (moved += 1)),
      () => isOurs,
    );
    await other.rewinder.watch.ready(AbortSignal.timeout(1_000));
    expect(other.rewinder.stands("app", 0)).toBe(!isOurs);
    await other.rewinder.stop();
    expect([moved, other.state.orders]).toEqual([0, [...orders]]);
  }
});
