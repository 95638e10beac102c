import { describe, expect, test } from "bun:test";
import { drainMicrotasks } from "bun:jsc";
import { seededRandom } from "../../../../../infra/bench/random.ts";
import { createReader, type FetchedPart } from "../../../../../lib/adapters/kafka/reader/reader.ts";
import { createVirtualTime } from "../../../../simulation/virtual-time.ts";
import { collectingSink, type CollectingSink } from "../../../../support/collecting-sink.ts";
import { createMemoryLogger } from "../../../../support/memory-logger.ts";
import { ModelKafka, type ModelRecords } from "../../../../support/model-kafka.ts";

const endOf = ({ records }: FetchedPart): number => (records as ModelRecords).end;

function world(rack = "") {
  const virtual = createVirtualTime(seededRandom(1));
  /** By how much its clock was set. */
  const clock = { byMs: 0 };
  const time = { ...virtual, now: () => virtual.now() + clock.byMs };
  const kafka = new ModelKafka(time);
  const logger = createMemoryLogger();
  const reader = createReader({ wire: kafka, rack, time, logger });
  return {
    time,
    clock,
    kafka,
    reader,
    logger,
    /** @param onPart at what time each part comes */
    open: (topic: string, { offset = 0, partition = 0, roomBytes = 1024 * 1024, worksUp = true } = {}) => {
      const times: number[] = [];
      const sink = collectingSink(endOf, () => times.push(time.monotonicMs()));
      sink.end = offset;
      sink.roomBytes = roomBytes;
      const read = reader.open(topic, partition, offset, sink);
      if (worksUp) sink.read = read;
      return { sink, read, times };
    },
    run: (ms: number) => time.run(time.monotonicMs() + ms),
    /** How long until it is so. */
    until: (isSo: () => boolean, ms = 60_000): number => {
      const from = time.monotonicMs();
      drainMicrotasks();
      while (!isSo()) if (!time.step(from + ms)) throw new Error(`not within ${ms} ms of virtual time`);
      return time.monotonicMs() - from;
    },
    close: () => time.settle(reader.close(), time.monotonicMs() + 100),
  };
}

/** Each record once, and in order. */
function expectContiguous({ parts, end }: CollectingSink, from = 0): void {
  let at = from;
  for (const part of parts) {
    expect(part.fetchOffset).toBe(at);
    expect((part.records as ModelRecords).first).toBe(at);
    at = endOf(part);
  }
  expect(at).toBe(end);
}

describe("the tail", () => {
  test("takes all partitions in, in one session, and costs nothing for those that are idle", () => {
    const { kafka, open, run, close } = world();
    const opened = Array.from({ length: 1_000 }, (_, n) => {
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
    // Two a second, and one more for what came.
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

  test("an idle partition is heard of with each answer that does not name it", () => {
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

  test("a record comes at once, and the next one too: a single busy topic does not rest", () => {
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

  test("goes on without a session where the broker has no slot, and takes one as soon as there is", () => {
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

  test("begins anew where the broker has forgotten the session; nothing is lost or doubled", () => {
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

describe("a partition", () => {
  test("just opened is read at once, though a long poll is under way, and stays so until that has taken it in", () => {
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

  test("that is being worked up is not fetched, and goes on where it is told", () => {
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

  test("without room is left out until it has some; others go on", () => {
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

  test("is asked for no more than there is room for", () => {
    const { kafka, open, run, close } = world();
    kafka.create("t");
    kafka.append("t", 1_000);
    const { sink } = open("t", { roomBytes: 1_000 });
    run(5_000);
    expect(sink.end).toBe(1_000);
    expect(Math.max(...sink.parts.map(({ records }) => records.byteLength))).toBe(1_000);
    close();
  });

  test("sought or closed throws away what is on its way", () => {
    const { kafka, open, run, until, close } = world();
    kafka.create("t");
    kafka.append("t", 100);
    const { sink, read } = open("t");
    // The first fetch is under way.
    run(1.5);
    expect(kafka.fetches("backlog").length).toBe(1);
    sink.end = 40;
    read.seek(40);
    until(() => sink.end === 100, 50);
    expectContiguous(sink, 40);
    // To the very place it stands at: what comes of the first question is not what was asked for.
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
    // And may be opened again.
    const again = open("t", { offset: 100 });
    until(() => again.sink.end === 105, 50);
    close();
  });

  test("is told of a part only once, though both lanes ask for it", () => {
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
    expect(() => open("t")).toThrow('partition 0 of "t" is read already');
    close();
  });
});

describe("the backlog", () => {
  test("is read in turns, in large pieces, beside a tail that does not wait for it", () => {
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

describe("faults", () => {
  test("a leader that moves is followed, by its partitions alone", () => {
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
  ])("%s stops one partition, is told when it lasts, and is asked for again ever less", (error) => {
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

  test("an offset that Kafka does not hold is told once, and waits for where to go on", () => {
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

  test("a partition that was read and is not there any more is told once, and not fetched: what comes back may be another log", () => {
    const { kafka, open, run, until, close } = world();
    kafka.create("t");
    kafka.append("t", 5);
    const { sink, read } = open("t");
    until(() => sink.end === 5, 100);
    kafka.logs.delete("t/0");
    kafka.wake();
    run(5_000);
    expect([sink.gone, sink.troubles]).toEqual([1, []]);
    // It has outgrown what was read.
    kafka.create("t");
    kafka.append("t", 8);
    run(5_000);
    expect([sink.gone, sink.end, sink.outOfRange]).toEqual([1, 5, []]);
    read.close();
    const again = open("t");
    until(() => again.sink.end === 8, 100);
    close();
  });

  test("a partition that a broker does not know of yet is waited for", () => {
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

  test("a broker that is silent stops only its partitions, which go on where they are led next", () => {
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

  test("a broker that is silent for long is told, and read on from when it answers again", () => {
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
    // Every five minutes the leader is asked whether it still is the nearest.
    kafka.log("t").nearer = -1;
    run(11 * 60_000);
    expect(kafka.fetches("tail").at(-1)?.to).toBe(1);
    close();
  });

  test("an error there leads back to the leader, which is read for a while, whomever it names", () => {
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
