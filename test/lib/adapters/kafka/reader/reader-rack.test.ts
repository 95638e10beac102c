import { describe, expect, test } from "bun:test";
import { expectContiguous, world } from "./reader-world.ts";

describe("with a rack", () => {
  test("a partition is read from the nearer replica it is sent to", () => {
    const { kafka, open, run, until, close } = world("a");
    kafka.create("t", 1, { nearer: 2 });
    const { sink } = open("t");
    run(1_000);
    kafka.asked.length = 0;
    kafka.append("t", 3);
    until(() => sink.end === 3, 50);
    run(3_000);
    expect(new Set(kafka.asked.map(({ to }) => to))).toEqual(new Set([2]));
    // Every five minutes the leader is asked whether the replica is still the nearest.
    kafka.log("t").nearer = -1;
    run(11 * 60_000);
    expect(kafka.fetches("tail").at(-1)?.to).toBe(1);
    close();
  });

  test("an error there leads back to the leader, which is read for a while even if it names a replica", () => {
    const { kafka, open, run, until, close } = world("a");
    kafka.create("t", 1, { nearer: 2 });
    const { sink } = open("t");
    run(1_000);
    kafka.frozen.add(2);
    kafka.append("t", 1);
    until(() => sink.end === 1, 5_000);
    for (let n = 2; n < 20; n += 1) {
      run(500);
      kafka.append("t", 1);
      expect(until(() => sink.end === n)).toBeLessThanOrEqual(5);
    }
    kafka.frozen.delete(2);
    run(60_000);
    expect(kafka.fetches("tail").at(-1)?.to).toBe(2);
    expect(sink.outOfRange).toEqual([]);
    expectContiguous(sink);
    close();
  });

  test("a clock that is set back does not keep it from the nearer replica for longer", () => {
    const { clock, kafka, open, run, close } = world("a");
    kafka.create("t", 1, { nearer: 2 });
    open("t");
    run(1_000);
    kafka.frozen.add(2);
    run(10_000);
    kafka.frozen.delete(2);
    expect(kafka.asked.at(-1)?.to).toBe(1);
    clock.byMs = -3_600_000;
    run(60_000);
    expect(kafka.asked.at(-1)?.to).toBe(2);
    close();
  });
});
