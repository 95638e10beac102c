import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { behindBytes, laneFor, takeTurn } from "../../../../lib/rules/fetch/lanes.ts";

const KIB = 1024;

describe("the lane of a partition", () => {
  test("is the backlog far behind, the tail near the end, and unchanged in between", () => {
    expect(laneFor("tail", 513 * KIB)).toBe("backlog");
    expect(laneFor("backlog", 63 * KIB)).toBe("tail");
    for (const lane of ["tail", "backlog"] as const) {
      expect(laneFor(lane, 100 * KIB)).toBe(lane);
      expect(laneFor(lane, 512 * KIB)).toBe(lane);
      expect(laneFor(lane, 0)).toBe("tail");
    }
  });

  test("depends on the size of the latest records; without any, each offset counts as large", () => {
    expect(behindBytes(10, 110, 130)).toBe(13_000);
    expect(behindBytes(110, 110, null)).toBe(0);
    expect(behindBytes(120, 110, 130)).toBe(0);
    expect(laneFor("tail", behindBytes(0, 2, null))).toBe("backlog");
  });
});

describe("turns", () => {
  test("take as many as one answer has room for, in order; those without room of their own are skipped", () => {
    const waiting = new Set(["a", "b", "none", "c", "d"]);
    const turn = takeTurn(waiting, (item) => (item === "none" ? 0 : 10), 25);
    expect(turn).toEqual({
      asks: [
        { item: "a", maxBytes: 10 },
        { item: "b", maxBytes: 10 },
        { item: "c", maxBytes: 10 },
      ],
      maxBytes: 25,
    });
    expect([...waiting]).toEqual(["d"]);
  });

  test("requeue behind the others, so that all get equally many", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 20 }),
        fc.integer({ min: 1, max: 60 }),
        (rooms, maxBytes) => {
          const waiting = new Set(rooms.keys());
          const turns = rooms.map(() => 0);
          for (let round = 0; round < 100; round += 1) {
            const { asks } = takeTurn(waiting, (item) => rooms[item] ?? 0, maxBytes);
            expect(asks.length).toBeGreaterThan(0);
            for (const { item } of asks) {
              turns[item] = (turns[item] ?? 0) + 1;
              waiting.add(item);
            }
          }
          expect(Math.max(...turns) - Math.min(...turns)).toBeLessThanOrEqual(1);
        },
      ),
    );
  });
});
