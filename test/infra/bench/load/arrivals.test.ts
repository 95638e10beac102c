import { expect, test } from "bun:test";
import { createArrivals } from "../../../../infra/bench/load/arrivals.ts";

const encoded = (value: string): Uint8Array => new TextEncoder().encode(value);

function bulk(ids: readonly string[], statuses: readonly number[]): [Uint8Array, Uint8Array] {
  const lines = ids.map((id) => `{"create":{"_index":"i","_id":"${id}"}}\n{"message":"m"}\n`);
  const items = statuses.map((status) => ({ create: { status } }));
  return [encoded(lines.join("")), encoded(JSON.stringify({ items }))];
}

test("a standstill lasts from one new document to the next; the ends of the span count like documents", () => {
  const arrivals = createArrivals();
  arrivals.take(...bulk(["a:b:0:1:x", "a:b:1:1:x"], [201, 201]), 100);
  arrivals.take(...bulk(["a:b:0:1:x", "a:b:0:2:x", "a:b:1:2:x"], [409, 201, 429]), 400);
  arrivals.take(...bulk(["a:b:0:3:x"], [201]), 450);
  expect(arrivals.standstills(50, 500)).toEqual(
    new Map([
      ["a:b/0", 300],
      ["a:b/1", 400],
    ]),
  );
  expect([arrivals.created, arrivals.duplicates]).toEqual([4, 1]);
  expect(arrivals.standstills(420, 2_000).get("a:b/0")).toBe(1_550);
});
