import { afterEach, beforeEach, expect, jest, test } from "bun:test";
import * as fc from "fast-check";
import { advance, flush } from "../../../support/fake-time.ts";
import { allIndexed, batch, busy, createPumpWorld, createWellWorld, recordBytes } from "./pump-world.ts";
import { rounds } from "../../../support/rounds.ts";

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

const { signal } = new AbortController();

test("a partition that goes takes nothing of the others with it", async () => {
  const { accept, attempts, commits, budget, own, disown, log } = await createWellWorld();
  own(1, { 0: 0, 1: 0 });
  await accept(batch([0, 1], { partition: 0 }));
  void accept(batch([0, 1], { partition: 1 }));
  disown(1);
  // Queued behind the first, those of the other were let go of.
  expect(budget.usedBytes).toBe(2 * recordBytes);
  attempts[0]?.indexed();
  await advance(1_000);
  expect(attempts).toHaveLength(1);
  expect({ commits, consumed: log.consumed, used: budget.usedBytes }).toEqual({
    commits: [{ generation: 1, offsets: { 0: 2 } }],
    consumed: 4,
    used: 0,
  });
});

test("of a chunk of two partitions, what left is not tried again, and what stayed is", async () => {
  const { accept, attempts, commits, own, disown } = await createWellWorld({ concurrency: 1 });
  own(1, { 0: 0, 1: 0, 2: 0 });
  await accept(batch([0], { partition: 2 }));
  await accept(batch([0], { partition: 0 }));
  await accept(batch([0], { partition: 1 }));
  attempts[0]?.indexed();
  await flush();
  expect(attempts[1]?.records.map(({ partition }) => partition)).toEqual([0, 1]);
  disown(1);
  attempts[1]?.answer([null, null]);
  await advance(1_000);
  expect(attempts[2]?.records.map(({ partition }) => partition)).toEqual([0]);
  attempts[2]?.indexed();
  await advance(1_000);
  expect(commits.at(-1)?.offsets).toEqual({ 0: 1 });
});

test("one partition is handed over while the others go on", async () => {
  const { pump, accept, attempts, commits, own, disown, tenures } = await createWellWorld();
  own(1, { 0: 0, 1: 0 });
  await accept(batch([0], { partition: 1 }));
  let settled = false;
  void pump.settle(tenures(1), signal).then(() => (settled = true));
  attempts[0]?.indexed();
  await flush();
  expect({ settled, commits }).toEqual({ settled: true, commits: [{ generation: 1, offsets: { 1: 1 } }] });
  disown(1);
  await accept(batch([0], { partition: 0 }));
  expect(attempts[1]?.offsets).toEqual([0]);
});

test("whatever comes, goes, is handed over, answered and committed: no commit passes an unknown outcome", async () => {
  const partition = fc.nat(2);
  const step = fc.oneof(
    { weight: 5, arbitrary: fc.record({ read: partition, count: fc.integer({ min: 1, max: 5 }) }) },
    { weight: 3, arbitrary: fc.record({ waitMs: fc.integer({ min: 1, max: 700 }) }) },
    { weight: 1, arbitrary: fc.record({ lose: partition }) },
    { weight: 1, arbitrary: fc.record({ handOver: partition }) },
    { weight: 1, arbitrary: fc.record({ stall: fc.constant(70_000) }) },
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 25 }),
      fc.array(fc.nat(9), { minLength: 50, maxLength: 50 }),
      async (steps, dice) => {
        let thrown = 0;
        const roll = (): number => dice[(thrown += 1) % dice.length] ?? 0;
        let isOver = false;
        const known = new Set<string>();
        const underWay = new Set<string>();
        const world = createPumpWorld({
          maxDocuments: 3,
          places: 3,
          maxBytes: 100 * recordBytes,
          async ingest(records) {
            const names = records.map(({ partition, offset }) => `${partition}:${offset}`);
            for (const name of names) {
              expect(underWay).not.toContain(name);
              underWay.add(name);
            }
            await new Promise<void>((resolve) => void setTimeout(resolve, roll() * 60));
            const outcomes = allIndexed(records.length).map((outcome) =>
              isOver || roll() > 2 ? outcome : null,
            );
            for (const [at, name] of names.entries()) {
              underWay.delete(name);
              if (outcomes[at] === null) continue;
              expect(known).not.toContain(name);
              known.add(name);
            }
            return { outcomes, retry: outcomes.includes(null) ? busy : null };
          },
        });
        world.kafka.commit = async () => {
          await new Promise<void>((resolve) => void setTimeout(resolve, roll() * 20));
          if (!isOver && roll() < 3) throw new Error("no coordinator");
        };
        /** By partition: what the group has, where it is read on, and where its log ends. */
        const committed = [0, 0, 0];
        const position = [0, 0, 0];
        const ends = [0, 0, 0];
        let seen = 0;
        let moved = 0;
        const check = (): void => {
          for (const { offsets } of world.commits.slice(seen))
            for (const [key, offset] of Object.entries(offsets)) {
              for (let at = 0; at < offset; at += 1) expect(known).toContain(`${key}:${at}`);
              committed[Number(key)] = Math.max(committed[Number(key)] ?? 0, offset);
            }
          seen = world.commits.length;
          for (const [of, offset] of world.sought.slice(moved)) position[of] = offset;
          moved = world.sought.length;
        };
        const comeBack = (of: number): void => {
          check();
          position[of] = committed[of] ?? 0;
          world.own(1, { [of]: committed[of] ?? 0 });
        };
        for (const of of [0, 1, 2]) comeBack(of);
        const read = async (of: number, count: number): Promise<void> => {
          const start = position[of] ?? 0;
          ends[of] = Math.max(ends[of] ?? 0, start + count);
          const offsets = Array.from({ length: count }, (_, n) => start + n);
          let taken: boolean | null = null;
          void world.accept(batch(offsets, { partition: of })).then((is) => (taken = is));
          for (let waits = 0; taken === null && waits < 1_000; waits += 1) await advance(100, 100);
          check();
          if (taken === true && position[of] === start) position[of] = start + count;
        };
        for (const one of steps) {
          if ("read" in one) await read(one.read, one.count);
          else if ("waitMs" in one) await advance(one.waitMs, 100);
          else if ("stall" in one) await advance(one.stall, 1_000);
          else {
            const of = "lose" in one ? one.lose : one.handOver;
            if ("handOver" in one) {
              const limit = new AbortController();
              const done = world.pump.settle(world.tenures(of), limit.signal);
              await advance(1_000, 100);
              limit.abort();
              await done;
            }
            world.disown(of);
            comeBack(of);
          }
          check();
        }
        isOver = true;
        // What was sent has to be read again before it can be committed.
        await advance(15_000, 200);
        for (let round = 0; round < 20; round += 1)
          for (const of of [0, 1, 2]) if ((position[of] ?? 0) < (ends[of] ?? 0)) await read(of, 5);
        await advance(30_000, 200);
        check();
        const drained = world.pump.drain(signal);
        await advance(5_000, 200);
        expect(await drained).toBe(true);
        expect(world.budget.usedBytes).toBe(0);
        expect(world.failures.broken).toEqual([]);
        world.pump.close();
      },
    ),
    { numRuns: rounds(40, 12) },
  );
}, 240_000);
