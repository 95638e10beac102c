import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { mayAdmit, readAheadBytes, type ByteShareRequest } from "../../../../lib/rules/limits/byte-share.ts";

const mib = 1024 * 1024;
const request = (changes: Partial<ByteShareRequest>): boolean =>
  mayAdmit({ bytes: 1, held: 1, used: 1, maxBytes: 256 * mib, readAhead: 16 * mib, topics: 1, ...changes });

test("a batch larger than any share is admitted only if its topic holds nothing", () => {
  expect(request({ bytes: 300 * mib, held: 0 })).toBe(true);
  expect(request({ bytes: 300 * mib, held: 1 })).toBe(false);
});

test("no topic gets more than a quarter, even if everything else is free", () => {
  expect(request({ bytes: 7 * mib, held: mib, used: mib, maxBytes: 32 * mib })).toBe(true);
  expect(request({ bytes: 7 * mib + 1, held: mib, used: mib, maxBytes: 32 * mib })).toBe(false);
});

test("no topic reads further ahead than it needs, even if its quarter would be larger", () => {
  expect(request({ bytes: 15 * mib, held: mib, used: mib })).toBe(true);
  expect(request({ bytes: 15 * mib + 1, held: mib, used: mib })).toBe(false);
});

test("a topic needs to read ahead all bulks that may be in flight, full, and one more", () => {
  expect(readAheadBytes({ concurrency: 4, maxBytes: 5 * mib })).toBe(25 * mib);
  expect(readAheadBytes({ concurrency: 1, maxBytes: mib })).toBe(16 * mib);
});

test("beyond its minimum a topic gets only unused memory", () => {
  expect(request({ bytes: 5 * mib, held: 10 * mib, used: 251 * mib, topics: 4 })).toBe(true);
  expect(request({ bytes: 5 * mib, held: 10 * mib, used: 252 * mib, topics: 4 })).toBe(false);
});

test("a topic gets its minimum even if everything is used up", () => {
  expect(request({ bytes: mib - 1, held: 1, used: 256 * mib, topics: 10 })).toBe(true);
  expect(request({ bytes: mib, held: 1, used: 256 * mib, topics: 10 })).toBe(false);
});

test("many topics have smaller minimums, which add up to a quarter", () => {
  expect(request({ bytes: 64 * 1024 - 1, held: 1, used: 256 * mib, topics: 1024 })).toBe(true);
  expect(request({ bytes: 64 * 1024, held: 1, used: 256 * mib, topics: 1024 })).toBe(false);
});

test("topics that already hold something never exceed the limit by more than their minimums", () => {
  const ask = fc.record({ topic: fc.nat(4), bytes: fc.integer({ min: 1, max: 400 }) });
  fc.assert(
    fc.property(fc.array(ask, { maxLength: 60 }), (asks) => {
      const maxBytes = 1000;
      const held = [0, 0, 0, 0, 0];
      let oversized = 0;
      for (const { topic, bytes } of asks) {
        const mine = held[topic] ?? 0;
        const used = held.reduce((sum, bytes) => sum + bytes, 0);
        if (!mayAdmit({ bytes, held: mine, used, maxBytes, readAhead: maxBytes, topics: 5 })) continue;
        if (mine === 0) oversized += bytes;
        held[topic] = mine + bytes;
        expect(mine === 0 || mine + bytes <= maxBytes / 4).toBe(true);
      }
      const used = held.reduce((sum, bytes) => sum + bytes, 0);
      expect(used).toBeLessThanOrEqual(maxBytes + maxBytes / 4 + oversized);
    }),
  );
});
