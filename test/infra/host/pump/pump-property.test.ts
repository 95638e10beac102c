import { afterEach, beforeEach, expect, jest, test } from "bun:test";
import * as fc from "fast-check";
import type { AttemptResult } from "../../../../infra/host/pump/sending-deps.ts";
import type { SourceRecord } from "../../../../lib/rules/model/record.ts";
import { advance } from "../../../support/fake-time.ts";
import { batch, busy, createPumpWorld } from "./pump-world.ts";
import { rounds } from "../../../support/rounds.ts";

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

const { signal } = new AbortController();

test("whatever the answers, delays and rebalances: no commit passes an unknown outcome, and all is committed in the end", async () => {
  const fetch = fc.record({
    partition: fc.nat(1),
    gaps: fc.array(fc.nat(2), { maxLength: 8 }),
    tail: fc.nat(2),
  });
  const step = fc.oneof(
    { weight: 4, arbitrary: fetch },
    { weight: 3, arbitrary: fc.integer({ min: 1, max: 800 }) },
    { weight: 1, arbitrary: fc.constant("rebalance" as const) },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25 }), fc.integer(), async (steps, seed) => {
      const random = pseudoRandom(seed);
      let generation = 1;
      const committed: Record<number, number> = { 0: 0, 1: 0 };
      const position = { ...committed };
      /** What was handed over, by generation, and of what the outcome is known, whenever it became known. */
      const handed = new Map<number, Map<number, number[]>>();
      const known = new Set<string>();
      /** One past the last offset that was ever sent. */
      const sent: Record<number, number> = { 0: 0, 1: 0 };

      const ingest = async (records: readonly SourceRecord[]): Promise<AttemptResult> => {
        for (const { partition, offset } of records)
          sent[partition] = Math.max(sent[partition] ?? 0, offset + 1);
        await new Promise<void>((resolve) => void setTimeout(resolve, random() * 400));
        const outcomes = records.map((record) => {
          if (random() < 0.3) return null;
          // Sent again, a dead letter would be written again.
          expect(known).not.toContain(nameOf(record));
          known.add(nameOf(record));
          return "indexed" as const;
        });
        return { outcomes, retry: outcomes.includes(null) ? busy : null };
      };
      const { pump, accept, commits, kafka, budget, failures, assign } = createPumpWorld({
        ingest,
        maxDocuments: 3,
        places: 2,
        maxBytes: 400,
      });
      kafka.commit = async () => {
        await new Promise<void>((resolve) => void setTimeout(resolve, random() * 200));
        if (random() < 0.3) throw new Error("no coordinator");
      };
      let seen = 0;
      const check = (): void => {
        for (const commit of commits.slice(seen)) {
          for (const [partition, offset] of Object.entries(commit.offsets)) {
            const behind = handed.get(commit.generation)?.get(Number(partition)) ?? [];
            expect(behind.filter((at) => at < offset && !known.has(`${partition}:${at}`))).toEqual([]);
            // A commit that was under way when the group moved on may still arrive; then it is the broker's to refuse.
            if (commit.generation !== generation) continue;
            expect(offset).toBeGreaterThan(committed[Number(partition)] ?? 0);
            expect(offset).toBeLessThanOrEqual(position[Number(partition)] ?? 0);
            committed[Number(partition)] = offset;
          }
        }
        seen = commits.length;
      };
      assign(generation, committed);
      for (const step of steps) {
        if (step === "rebalance") {
          generation += 1;
          Object.assign(position, committed);
          assign(generation, { ...committed });
        } else if (typeof step === "number") {
          await advance(step, 200);
        } else {
          const start = position[step.partition] ?? 0;
          let end = start;
          const offsets = step.gaps.map((gap) => {
            const offset = end + gap;
            end = offset + 1;
            return offset;
          });
          end += step.tail;
          position[step.partition] = end;
          const plain = batch(offsets, { partition: step.partition, start, end });
          const lists = handed.get(generation) ?? new Map<number, number[]>();
          handed.set(generation, lists);
          lists.set(step.partition, [...(lists.get(step.partition) ?? []), ...offsets]);
          let accepted = false;
          void accept(plain).then(() => (accepted = true));
          for (let waits = 0; !accepted && waits < 500; waits += 1) await advance(100, 100);
          expect(accepted).toBe(true);
        }
        check();
      }
      const done = (): boolean => committed[0] === position[0] && committed[1] === position[1];
      for (let waits = 0; !done() && waits < 500; waits += 1) {
        await advance(200, 200);
        check();
      }
      expect(committed).toEqual(position);
      const drained = pump.drain(signal);
      // Attempts of earlier generations may still be under way.
      await advance(1_000);
      // A rebalance may have voided what was sent and not read again since.
      const settled = [0, 1].every((partition) => (sent[partition] ?? 0) <= (committed[partition] ?? 0));
      expect(await drained).toBe(settled);
      expect(budget.usedBytes).toBe(0);
      expect(failures.broken).toEqual([]);
      pump.close();
    }),
    { numRuns: rounds(40, 12) },
  );
});

function nameOf({ partition, offset }: SourceRecord): string {
  return `${partition}:${offset}`;
}

/** A linear congruential generator (Knuth's MMIX), so that a run can be repeated. */
function pseudoRandom(seed: number): () => number {
  let state = BigInt.asUintN(64, BigInt(seed));
  return () => {
    state = BigInt.asUintN(64, state * 6364136223846793005n + 1442695040888963407n);
    return Number(state >> 40n) / 2 ** 24;
  };
}
