import { expect, test } from "bun:test";
import { createTurns } from "../../../../lib/rules/limits/turns.ts";

test("so many run at once, the others in their order, also after one that failed", async () => {
  const inTurn = createTurns(2);
  const begun: number[] = [];
  const ends = Array.from({ length: 4 }, () => Promise.withResolvers<number>());
  const results = ends.map(({ promise }, place) =>
    inTurn(() => {
      begun.push(place);
      return promise;
    }),
  );
  expect(begun).toEqual([0, 1]);
  ends[1]?.reject(new Error("it failed"));
  expect(results[1]).rejects.toThrow("it failed");
  await Bun.sleep(0);
  expect(begun).toEqual([0, 1, 2]);
  for (const [place, { resolve }] of ends.entries()) resolve(place);
  expect(await results[0]).toBe(0);
  expect(await results[3]).toBe(3);
  expect(begun).toEqual([0, 1, 2, 3]);
});
