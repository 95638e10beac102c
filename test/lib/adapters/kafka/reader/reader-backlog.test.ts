import { describe, expect, test } from "bun:test";
import { expectContiguous, world } from "./reader-world.ts";

describe("the backlog", () => {
  test("is read in turns, in large pieces, without delaying the tail", () => {
    const { kafka, open, run, until, close } = world();
    const behind = Array.from({ length: 5 }, (_, n) => {
      kafka.create(`behind${n}`);
      kafka.append(`behind${n}`, 400_000);
      return open(`behind${n}`, { roomBytes: 8 * 1024 * 1024 });
    });
    kafka.create("tail");
    const tail = open("tail");
    until(() => tail.sink.positions.length > 0, 100);
    for (let n = 1; n <= 10; n += 1) {
      kafka.append("tail", 1);
      expect(until(() => tail.sink.end === n)).toBeLessThanOrEqual(25);
    }
    until(() => behind.every(({ sink }) => sink.end === 400_000), 10_000);
    for (const { sink } of behind) {
      expectContiguous(sink);
      // 40 MB, 8 MiB a piece; the first ones share one answer.
      expect(sink.parts.length).toBeLessThanOrEqual(8);
    }
    const lasts = behind.map(({ times }) => times.at(-1) ?? 0);
    expect(Math.max(...lasts) - Math.min(...lasts)).toBeLessThanOrEqual(20);
    run(1_000);
    kafka.asked.length = 0;
    run(1_000);
    expect(kafka.fetches("backlog")).toEqual([]);
    close();
  });

  test("a partition that falls far behind leaves the tail, and comes back", () => {
    const { kafka, open, run, until, close } = world();
    kafka.create("t");
    const { sink, read } = open("t", { worksUp: false, roomBytes: 8 * 1024 * 1024 });
    run(1_000);
    kafka.append("t", 1);
    run(1_000);
    kafka.append("t", 200_000);
    read.next(1);
    sink.read = read;
    run(1_000);
    expect(sink.end).toBe(200_001);
    expectContiguous(sink, 0);
    expect(kafka.fetches("backlog").some(({ request }) => request.maxBytes >= 8 * 1024 * 1024)).toBe(true);
    kafka.append("t", 1);
    expect(until(() => sink.end === 200_002)).toBeLessThanOrEqual(5);
    close();
  });
});
