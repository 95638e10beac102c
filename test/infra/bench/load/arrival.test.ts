import { expect, test } from "bun:test";
import { untilArrived } from "../../../../infra/bench/load/arrival.ts";
import type { Target } from "../../../../infra/bench/load/target.ts";

const signal = new AbortController().signal;

/** A target with these numbers of documents, one after the other; the last one stays. */
function growing(...counts: readonly number[]): Target {
  let look = 0;
  return { url: "", askEveryMs: 5, documents: async () => counts[Math.min(look++, counts.length - 1)] ?? 0 };
}

test("waits until all documents have arrived", async () => {
  const { documents, perSecond, seconds } = await untilArrived(growing(10, 10, 15, 30), 10, 20, signal);
  expect(documents).toBe(20);
  expect(perSecond).toBeGreaterThan(15 / seconds);
});

test("if some were refused, the time of the last document counts, not the end of waiting", async () => {
  const startedAt = performance.now();
  const arrived = await untilArrived(growing(0, 5, 9), 0, 20, signal, (quietMs) => quietMs > 200);
  expect(arrived.documents).toBe(9);
  expect(performance.now() - startedAt).toBeGreaterThan(200);
  expect(arrived.seconds).toBeLessThan((performance.now() - startedAt) / 1_000 - 0.15);
});

test("no document arrived", async () => {
  expect(await untilArrived(growing(0), 0, 20, signal, async () => true)).toMatchObject({ documents: 0 });
});
