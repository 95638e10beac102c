import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { boundedPace, type BulkLoad, fullPace, paceAfter } from "../../../../lib/rules/limits/pace.ts";

test("a 429 halves the places, and one more is added after as many good answers as there are places", () => {
  const max = 8;
  let pace = fullPace(max);
  const seen: number[] = [];
  const answer = (load: BulkLoad, sentIn = pace.round): void => {
    pace = paceAfter(pace, load, sentIn);
    seen.push(pace.places);
  };
  answer("busy");
  // Sent before the halving, so it reports the same overload.
  answer("busy", 0);
  answer("busy");
  for (let good = 0; good < 2 + 3 + 4; good += 1) answer("good");
  expect(seen).toEqual([4, 4, 2, 2, 3, 3, 3, 4, 4, 4, 4, 5]);
});

test("a good answer to a bulk sent before the halving counts, because Elasticsearch accepted it", () => {
  expect(paceAfter({ places: 1, maxPlaces: 4, good: 0, round: 3 }, "good", 0)).toEqual({
    places: 2,
    maxPlaces: 4,
    good: 0,
    round: 3,
  });
});

test("under another bound, full stays full and halved stays halved", () => {
  expect(boundedPace(fullPace(4), 8).places).toBe(8);
  expect(boundedPace(fullPace(4), 2).places).toBe(2);
  expect(boundedPace({ places: 2, maxPlaces: 4, good: 0, round: 1 }, 8).places).toBe(2);
  expect(boundedPace({ places: 3, maxPlaces: 4, good: 0, round: 1 }, 2).places).toBe(2);
});

test("the places stay between one and their bound, and recover fully after enough good answers", () => {
  const loads = fc.array(fc.constantFrom<BulkLoad>("good", "busy"), { maxLength: 100 });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 256 }), loads, (max, loads) => {
      let pace = fullPace(max);
      for (const load of loads) {
        pace = paceAfter(pace, load, pace.round);
        expect(pace.places).toBeGreaterThanOrEqual(1);
        expect(pace.places).toBeLessThanOrEqual(max);
      }
      for (let good = 0; good < (max * (max + 1)) / 2; good += 1) pace = paceAfter(pace, "good", pace.round);
      expect(pace.places).toBe(max);
    }),
  );
});
