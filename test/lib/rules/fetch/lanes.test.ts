import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { behindBytes, laneFor, takeTurn } from "../../../../lib/rules/fetch/lanes.ts";

const KIB = 1024;

describe("which lane a partition is read in", () => {
  test("far behind in the backlog's, near its end in the tail's, in between where it was", () => {
    expect(laneFor("tail", 513 * KIB)).toBe("backlog");
    expect(laneFor("backlog", 63 * KIB)).toBe("tail");
    for (const lane of ["tail", "backlog"] as const) {
      expect(laneFor(lane, 100 * KIB)).toBe(lane);
      expect(laneFor(lane, 512 * KIB)).toBe(lane);
      expect(laneFor(lane, 0)).toBe("tail");
    }
  });

  test("bytes behind go by what came last; where nothing came, offsets behind are a lot", () => {
    expect(behindBytes(10, 110, 130)).toBe(13_000);
    expect(behindBytes(110, 110, null)).toBe(0);
    expect(behindBytes(120, 110, 130)).toBe(0);
    expect(laneFor("tail", behindBytes(0, 2, null))).toBe("backlog");
  });
});

describe("turns", () => {
  test("as many as one answer has room for, in the order they wait; what has no room itself is passed over", () => {
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

  test("whoever comes back waits behind the others: each gets as many turns as any other", () => {
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
