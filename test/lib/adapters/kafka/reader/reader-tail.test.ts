import { describe, expect, test } from "bun:test";
import { rounds } from "../../../../support/rounds.ts";
import { expectContiguous, world } from "./reader-world.ts";

describe("the tail", () => {
  test("fetches all partitions in one session, at no cost for idle ones", () => {
    const { kafka, open, run, close } = world();
    const opened = Array.from({ length: rounds(1_000, 100) }, (_, n) => {
      kafka.create(`t${n}`);
      return open(`t${n}`);
    });
    run(2_000);
    expect(kafka.asked.filter(({ api }) => api === "Metadata").length).toBe(1);
    kafka.asked.length = 0;
    kafka.append("t7", 3);
    run(5_000);
    expect(opened[7]?.sink.end).toBe(3);
    const fetches = kafka.fetches("tail");
    expect(kafka.asked.length).toBe(fetches.length);
    // Two a second, and one more for the record.
    expect(fetches.length).toBeLessThanOrEqual(11);
    expect(fetches.flatMap(({ request }) => request.topics)).toEqual([
      { topic: "t7", partitions: [{ partition: 0, fetchOffset: 3, maxBytes: expect.any(Number) }] },
    ]);
    expect(fetches.flatMap(({ request }) => request.forgotten)).toEqual([]);
    expect(opened[0]?.sink.positions.at(-1)).toEqual({
      partition: 0,
      highWatermark: 0,
      lastStableOffset: 0,
      logStart: 0,
    });
    close();
  });

  test("an idle partition is confirmed by each answer that does not name it", () => {
    const { kafka, time, open, run, close } = world();
    kafka.create("quiet");
    const { read } = open("quiet");
    expect(read.heardAtMs).toBeNull();
    run(10_000);
    expect(time.now() - (read.heardAtMs ?? 0)).toBeLessThanOrEqual(600);
    kafka.frozen.add(1);
    run(60_000);
    expect(time.now() - (read.heardAtMs ?? 0)).toBeGreaterThanOrEqual(59_000);
    close();
  });

  test("a record arrives at once, and so does the next: a single busy topic does not wait for others", () => {
    const { kafka, open, run, until, close } = world();
    kafka.create("busy");
    const { sink } = open("busy");
    run(1_000);
    for (let n = 1; n <= 50; n += 1) {
      kafka.append("busy", 1);
      expect(until(() => sink.end === n)).toBeLessThanOrEqual(3);
    }
    close();
  });

  test("many topics with a few records each travel together", () => {
    const { kafka, open, run, close } = world();
    const opened = Array.from({ length: 300 }, (_, n) => {
      kafka.create(`t${n}`);
      return open(`t${n}`);
    });
    run(2_000);
    kafka.asked.length = 0;
    for (let n = 0; n < 3_000; n += 1) {
      kafka.append(`t${(n * 7) % 300}`, 1);
      run(1.67);
    }
    run(1_000);
    for (const { sink } of opened) expectContiguous(sink);
    expect(opened.reduce((sum, { sink }) => sum + sink.end, 0)).toBe(3_000);
    expect(3_000 / kafka.asked.length).toBeGreaterThanOrEqual(20);
    expect(kafka.fetches("backlog")).toEqual([]);
    close();
  });

  test("works without a session if the broker has no slot, and takes one as soon as possible", () => {
    const { kafka, open, run, until, close } = world();
    kafka.full.add(1);
    for (const topic of ["a", "b"]) kafka.create(topic);
    const [a, b] = [open("a"), open("b")];
    run(2_000);
    kafka.append("a", 5);
    kafka.append("b", 5);
    until(() => a.sink.end === 5 && b.sink.end === 5, 100);
    const names = (): readonly string[] =>
      kafka
        .fetches("tail")
        .at(-1)
        ?.request.topics.map(({ topic }) => topic) ?? [];
    run(600);
    expect(new Set(names())).toEqual(new Set(["a", "b"]));
    kafka.full.clear();
    run(2_000);
    expect(names()).toEqual([]);
    kafka.append("b", 1);
    until(() => b.sink.end === 6, 100);
    close();
  });

  test("starts over if the broker has forgotten the session; nothing is lost or doubled", () => {
    const { kafka, open, run, until, close } = world();
    kafka.create("t");
    const { sink } = open("t");
    run(1_000);
    kafka.append("t", 1);
    until(() => sink.end === 1, 100);
    kafka.evictSessions();
    kafka.append("t", 1);
    until(() => sink.end === 2, 700);
    run(1_000);
    expectContiguous(sink);
    close();
  });
});
