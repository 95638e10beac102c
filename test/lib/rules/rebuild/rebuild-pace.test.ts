import { expect, test } from "bun:test";
import { type LiveLoad, restMs } from "../../../../lib/rules/rebuild/rebuild-pace.ts";

const idle: LiveLoad = { lag: 8_000, inFlight: 8_000, isRefused: false };

test("a rebuild does not rest while the topics need nothing", () => {
  expect(restMs(200, idle, 0)).toBe(0);
});

test("it takes a tenth of the time while records wait, or Elasticsearch has refused work of the topics", () => {
  expect(restMs(200, { ...idle, lag: 8_001 }, 0)).toBe(1_800);
  expect(restMs(200, { ...idle, isRefused: true }, 0)).toBe(1_800);
});

test("each refusal of its own bulks doubles its rest, up to 10 s", () => {
  expect([1, 2, 3, 9].map((refused) => restMs(10, idle, refused))).toEqual([500, 1_000, 2_000, 10_000]);
});

test("it never rests longer, so that it gets on beside topics that are always behind", () => {
  expect(restMs(30_000, { ...idle, lag: 1e9 }, 50)).toBe(10_000);
});
