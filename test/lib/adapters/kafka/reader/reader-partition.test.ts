import { describe, expect, test } from "bun:test";
import { expectContiguous, world } from "./reader-world.ts";

describe("a partition", () => {
  test("just opened is read at once despite a running long poll, until the tail includes it", () => {
    const { kafka, open, run, until, close } = world();
    for (const topic of ["old", "new"]) kafka.create(topic);
    open("old");
    run(1_990);
    kafka.append("new", 1);
    const { sink } = open("new");
    expect(until(() => sink.end === 1)).toBeLessThanOrEqual(10);
    for (let n = 2; n < 30; n += 1) {
      run(20);
      kafka.append("new", 1);
      expect(until(() => sink.end === n)).toBeLessThanOrEqual(10);
    }
    run(1_000);
    kafka.asked.length = 0;
    run(1_000);
    expect(kafka.fetches("backlog")).toEqual([]);
    expectContiguous(sink);
    close();
  });

  test("that is being processed is not fetched, and continues at the given offset", () => {
    const { kafka, open, run, until, close } = world();
    kafka.create("t");
    kafka.append("t", 10);
    const { sink, read } = open("t", { worksUp: false });
    run(2_000);
    expect(sink.parts.length).toBe(1);
    kafka.append("t", 10);
    run(2_000);
    expect(sink.parts.length).toBe(1);
    read.next(10);
    until(() => sink.parts.length === 2, 30);
    expect(sink.parts[1]?.fetchOffset).toBe(10);
    close();
  });

  test("without room is left out until it has some; others continue", () => {
    const { kafka, open, run, until, close } = world();
    for (const topic of ["full", "free"]) kafka.create(topic);
    const [full, free] = [open("full", { roomBytes: 0 }), open("free")];
    run(1_000);
    kafka.append("full", 1);
    kafka.append("free", 1);
    until(() => free.sink.end === 1, 50);
    run(1_000);
    expect(full.sink.parts).toEqual([]);
    full.sink.roomBytes = 1_000;
    full.read.wake();
    until(() => full.sink.end === 1, 10);
    // In the tail too.
    full.sink.roomBytes = 0;
    run(1_000);
    kafka.append("full", 1);
    run(1_000);
    kafka.append("full", 1);
    const seen = full.sink.end;
    run(1_000);
    expect(full.sink.end).toBe(seen);
    full.sink.roomBytes = 1_000;
    full.read.wake();
    until(() => full.sink.end === 3, 30);
    expectContiguous(full.sink);
    close();
  });

  test("is not asked for more than it has room for", () => {
    const { kafka, open, run, close } = world();
    kafka.create("t");
    kafka.append("t", 1_000);
    const { sink } = open("t", { roomBytes: 1_000 });
    run(5_000);
    expect(sink.end).toBe(1_000);
    expect(Math.max(...sink.parts.map(({ records }) => records.byteLength))).toBe(1_000);
    close();
  });

  test("discards pending fetches when moved or closed", () => {
    const { kafka, open, run, until, close } = world();
    kafka.create("t");
    kafka.append("t", 100);
    const { sink, read } = open("t");
    // The first fetch is pending.
    run(1.5);
    expect(kafka.fetches("backlog").length).toBe(1);
    sink.end = 40;
    read.seek(40);
    until(() => sink.end === 100, 50);
    expectContiguous(sink, 40);
    // To the current offset: the answer to the first fetch must still be discarded.
    sink.read = null;
    read.seek(0);
    run(0.5);
    read.seek(0);
    const before = sink.parts.length;
    run(50);
    expect(sink.parts.length).toBe(before + 1);
    read.next(100);
    run(0.2);
    kafka.append("t", 5);
    read.close();
    run(2_000);
    expect(sink.parts.length).toBe(before + 1);
    // It can be opened again.
    const again = open("t", { offset: 100 });
    until(() => again.sink.end === 105, 50);
    close();
  });

  test("gets each part only once, even if both lanes fetch it", () => {
    const { kafka, open, run, close } = world();
    kafka.create("t");
    kafka.create("other");
    open("other");
    const { sink } = open("t");
    for (let n = 0; n < 400; n += 1) {
      kafka.append("t", 1);
      if (n % 3 === 0) kafka.append("other", 1);
      run(n % 5);
    }
    run(1_000);
    expect(sink.end).toBe(400);
    expectContiguous(sink);
    close();
  });

  test("is not opened twice", () => {
    const { kafka, open, close } = world();
    kafka.create("t");
    open("t");
    expect(() => open("t")).toThrow('partition 0 of "t" is already read');
    close();
  });
});
