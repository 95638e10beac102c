import { describe, expect, test } from "bun:test";
import { expectContiguous, world } from "./reader-world.ts";

describe("faults", () => {
  test("a moved leader is followed, without affecting other partitions", () => {
    const { kafka, open, run, until, close } = world();
    kafka.create("moves", 2);
    kafka.create("stays");
    const [one, two, stays] = [open("moves"), open("moves", { partition: 1 }), open("stays")];
    run(1_000);
    kafka.log("moves").leader = 2;
    kafka.append("moves", 1);
    kafka.append("moves", 1, 1);
    kafka.append("stays", 1);
    until(() => one.sink.end === 1 && two.sink.end === 1 && stays.sink.end === 1, 100);
    expect(
      kafka
        .fetches("backlog")
        .filter(({ to }) => to === 2)
        .flatMap(({ request }) => request.topics),
    ).toMatchObject([{ topic: "moves", partitions: [{ partition: 0 }] }]);
    for (const { sink } of [one, two, stays]) expect(sink.troubles).toEqual([]);
    close();
  });

  test.each([
    "NOT_LEADER_FOR_PARTITION",
    "FENCED_LEADER_EPOCH",
    "UNKNOWN_LEADER_EPOCH",
    "LEADER_NOT_AVAILABLE",
    "REPLICA_NOT_AVAILABLE",
    "KAFKA_STORAGE_ERROR",
    "OFFSET_NOT_AVAILABLE",
    "TOPIC_AUTHORIZATION_FAILED",
    "UNKNOWN",
  ])("%s stops one partition, is reported if it lasts, and is retried ever less often", (error) => {
    const { kafka, open, run, until, close } = world();
    for (const topic of ["sick", "well"]) kafka.create(topic);
    const [sick, well] = [open("sick"), open("well")];
    run(1_000);
    kafka.log("sick").error = error;
    kafka.wake();
    run(6_000);
    expect(sick.sink.troubles).toEqual([expect.stringMatching(/./)]);
    kafka.asked.length = 0;
    run(10_000);
    expect(kafka.asked.filter(({ api }) => api === "Metadata").length).toBeLessThanOrEqual(12);
    kafka.append("well", 1);
    until(() => well.sink.end === 1, 100);
    kafka.log("sick").error = null;
    kafka.append("sick", 1);
    until(() => sick.sink.end === 1, 3_000);
    expect(sick.sink.troubles.at(-1)).toBeNull();
    expect(well.sink.troubles).toEqual([]);
    close();
  });

  test("an offset out of range is reported once, and the partition waits for a new one", () => {
    const { kafka, open, run, until, close } = world();
    kafka.create("t", 1, { start: 50, end: 60 });
    const { sink, read } = open("t", { offset: 10 });
    run(5_000);
    expect(sink.outOfRange).toEqual([10]);
    sink.end = 50;
    read.seek(50);
    until(() => sink.end === 60, 50);
    close();
  });

  test("a deleted partition is reported once and not fetched: it may come back as another log", () => {
    const { kafka, open, run, until, close } = world();
    kafka.create("t");
    kafka.append("t", 5);
    const { sink, read } = open("t");
    until(() => sink.end === 5, 100);
    kafka.logs.delete("t/0");
    kafka.wake();
    run(5_000);
    expect([sink.gone, sink.troubles]).toEqual([1, []]);
    // It has grown beyond the old offset.
    kafka.create("t");
    kafka.append("t", 8);
    run(5_000);
    expect([sink.gone, sink.end, sink.outOfRange]).toEqual([1, 5, []]);
    read.close();
    const again = open("t");
    until(() => again.sink.end === 8, 100);
    close();
  });

  test("a partition that a broker does not know yet is waited for", () => {
    const { kafka, open, run, until, close } = world();
    const { sink } = open("new");
    run(5_000);
    expect([sink.gone, sink.troubles]).toEqual([
      0,
      ["the topic, or this partition of it, does not exist in Kafka"],
    ]);
    kafka.create("new");
    kafka.append("new", 2);
    until(() => sink.end === 2, 5_000);
    close();
  });

  test("a silent broker stops only its partitions, which continue at their next leader", () => {
    const { kafka, open, run, until, close, logger } = world();
    kafka.create("here");
    kafka.create("there", 1, { leader: 2 });
    const [here, there] = [open("here"), open("there")];
    run(1_000);
    kafka.frozen.add(1);
    kafka.append("here", 1);
    for (let n = 1; n <= 20; n += 1) {
      run(100);
      kafka.append("there", 1);
      expect(until(() => there.sink.end === n)).toBeLessThanOrEqual(5);
    }
    kafka.log("here").leader = 2;
    until(() => here.sink.end === 1, 5_000);
    expect(there.sink.troubles).toEqual([]);
    kafka.frozen.delete(1);
    run(5_000);
    expectContiguous(here.sink);
    expect(logger.lines.filter(({ level }) => level === "error")).toEqual([]);
    close();
  });

  test("a broker that is silent for long is reported, and read again once it answers", () => {
    const { kafka, open, run, until, close } = world();
    kafka.create("t");
    const { sink } = open("t");
    run(1_000);
    kafka.frozen.add(1);
    kafka.append("t", 1);
    run(30_000);
    expect(sink.troubles).toEqual(["no answer in time"]);
    kafka.frozen.delete(1);
    until(() => sink.end === 1, 6_000);
    expect(sink.troubles).toEqual(["no answer in time", null]);
    close();
  });

  test("close ends at once, and leaves nothing behind", () => {
    const { kafka, time, open, run, close } = world();
    kafka.create("t");
    const { sink } = open("t");
    open("missing");
    run(1_250);
    const atMs = time.monotonicMs();
    close();
    expect(time.monotonicMs()).toBe(atMs);
    kafka.append("t", 1);
    run(10_000);
    expect(sink.parts).toEqual([]);
    expect(time.timers).toBe(0);
  });
});
