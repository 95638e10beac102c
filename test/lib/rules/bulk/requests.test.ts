import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { bulkBody, halveRequest, splitOperations } from "../../../../lib/rules/bulk/requests.ts";

/** Operations of these sizes. Each one's bytes are its position. */
function operations(sizes: readonly number[]) {
  const bytes = Buffer.concat(sizes.map((size, position) => Buffer.alloc(size, position)));
  const ends: number[] = [];
  for (const size of sizes) ends.push((ends.at(-1) ?? 0) + size);
  return { bytes, ends };
}

test("sends every operation once, in order, within the limits, and no request is needlessly small", () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 60 }), { maxLength: 40 });
  const limits = fc.record({
    maxDocuments: fc.integer({ min: 1, max: 8 }),
    maxBytes: fc.integer({ min: 1, max: 400 }),
  });
  fc.assert(
    fc.property(sizes, limits, (sizes, limits) => {
      const batch = operations(sizes);
      const requests = splitOperations(batch, limits);
      expect(Buffer.concat(requests.map((request) => bulkBody(batch, request)))).toEqual(batch.bytes);
      for (const request of requests) {
        const count = request.end - request.start;
        const bytes = bulkBody(batch, request).length;
        expect(count).toBeGreaterThan(0);
        expect(count).toBeLessThanOrEqual(limits.maxDocuments);
        if (count > 1) expect(bytes).toBeLessThanOrEqual(limits.maxBytes);
        const next = sizes[request.end];
        if (next !== undefined && count < limits.maxDocuments)
          expect(bytes + next).toBeGreaterThan(limits.maxBytes);
      }
    }),
  );
});

test("halves add up to the whole, and neither is empty", () => {
  const batch = operations([3, 1, 4, 1, 5]);
  const halves = halveRequest({ start: 1, end: 4 });
  expect(halves).toEqual([
    { start: 1, end: 3 },
    { start: 3, end: 4 },
  ]);
  expect(halves.map((half) => bulkBody(batch, half))).toEqual([
    Buffer.from([1, 2, 2, 2, 2]),
    Buffer.from([3]),
  ]);
  expect(halveRequest({ start: 7, end: 9 })).toEqual([
    { start: 7, end: 8 },
    { start: 8, end: 9 },
  ]);
});
