import { expect, test } from "bun:test";
import * as fc from "fast-check";
import {
  largestFetchBytes,
  nextFetchBytes,
  smallestFetchBytes,
} from "../../../../lib/rules/limits/fetch-size.ts";

const KiB = 1024;
const MiB = 1024 * KiB;
const input = { lastLimit: MiB, lastBytes: MiB, free: 256 * MiB, busyTopics: 1 };

test.each([
  ["starts at the minimum", { lastLimit: null, lastBytes: 0 }, 64 * KiB],
  ["doubles while fetches come back full", {}, 2 * MiB],
  ["grows up to the maximum", { lastLimit: 8 * MiB, lastBytes: 8 * MiB }, 8 * MiB],
  ["shrinks with the amount there is to read", { lastBytes: 100 * KiB }, 200 * KiB],
  ["shrinks to the minimum if there is nothing to read", { lastBytes: 0 }, 64 * KiB],
  [
    "doubles if much was cut off: only half a megabyte of two came",
    { lastLimit: 2 * MiB, lastBytes: MiB / 2 },
    4 * MiB,
  ],
  ["leaves the other topics their share of free memory", { busyTopics: 512 }, 512 * KiB],
  ["still asks for the minimum if nothing is free", { free: 0 }, 64 * KiB],
  ["allows for growth by decompression", { lastBytes: 10 * MiB, free: 5 * MiB }, 512 * KiB],
])("%s", (_, changes, bytes) => {
  expect(nextFetchBytes({ ...input, ...changes })).toBe(bytes);
});

test("is always within its bounds", () => {
  const bytes = fc.nat(2 ** 31);
  fc.assert(
    fc.property(
      fc.option(fc.integer({ min: 1, max: 2 ** 24 })),
      bytes,
      bytes,
      fc.nat(2_000),
      (lastLimit, lastBytes, free, busyTopics) => {
        const next = nextFetchBytes({ lastLimit, lastBytes, free, busyTopics });
        expect(next).toBeGreaterThanOrEqual(smallestFetchBytes);
        expect(next).toBeLessThanOrEqual(largestFetchBytes);
        if (next > smallestFetchBytes)
          expect(next * Math.max(1, busyTopics)).toBeLessThanOrEqual(free + busyTopics);
      },
    ),
  );
});
