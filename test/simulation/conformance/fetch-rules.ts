import { expect } from "bun:test";
import type { FetchedPartition } from "../../../lib/adapters/kafka/protocol/wire.ts";
import { fetchFrom, QUESTION, told, wanted, type ConformanceWorld, type Rule } from "./world.ts";

function offsetsIn(world: ConformanceWorld, partition: FetchedPartition | undefined): readonly number[] {
  const records = partition?.records ?? null;
  return records === null ? [] : world.batchesIn(records).map(({ first }) => first);
}

export const fetchRules: Readonly<Record<string, Rule>> = {
  "a long poll ends with the first record, and otherwise when its time is over": async (world) => {
    const { topic, leader } = await world.createTopic(2);
    const wire = world.openWire();
    const topics = wanted(topic, { 0: 0, 1: 0 });
    await fetchFrom(wire, leader, { topics });
    const began = world.monotonicMs();
    await fetchFrom(wire, leader, { topics, maxWaitMs: 500 });
    expect(world.monotonicMs() - began).toBeGreaterThanOrEqual(490);
    const polling = fetchFrom(wire, leader, { topics, maxWaitMs: 9_000 });
    await world.sleep(200);
    await world.produce(topic, 1, 1);
    const answer = told(await polling);
    expect(world.monotonicMs() - began).toBeLessThan(3_000 + world.lateMs);
    expect(offsetsIn(world, answer.get(1))).toEqual([0]);
    expect(answer.get(0)).toMatchObject({
      error: null,
      highWatermark: 0,
      lastStableOffset: 0,
      logStart: 0,
      records: null,
    });
  },

  "a long poll holds up its own connection alone": async (world) => {
    const { topic, leader } = await world.createTopic(1);
    const wire = world.openWire();
    await fetchFrom(wire, leader, { topics: wanted(topic, { 0: 0 }) });
    const began = world.monotonicMs();
    const polling = fetchFrom(wire, leader, {
      topics: wanted(topic, { 0: 0 }),
      maxWaitMs: world.lateMs + 800,
    });
    const behind = fetchFrom(wire, leader, { topics: wanted(topic, { 0: 0 }) }).then(
      () => world.monotonicMs() - began,
    );
    await wire.call(leader, "ListOffsets", { at: "latest", topics: [{ topic, partitions: [0] }] }, QUESTION);
    expect(world.monotonicMs() - began).toBeLessThan(world.lateMs + 600);
    await polling;
    expect(await behind).toBeGreaterThanOrEqual(world.lateMs + 790);
  },

  "the first batch comes however large it is; of others, what still fits": async (world) => {
    const { topic, leader } = await world.createTopic(3);
    await world.produce(topic, 0, 3, 1_000);
    await world.produce(topic, 1, 3, 1_000);
    const wire = world.openWire();
    const small = told(
      await fetchFrom(wire, leader, { maxBytes: 10, topics: wanted(topic, { 2: 0, 0: 0, 1: 0 }, 10) }),
    );
    expect([0, 1].flatMap((partition) => offsetsIn(world, small.get(partition)))).toEqual([0]);
    const some = told(
      await fetchFrom(wire, leader, { maxBytes: 4_500, topics: wanted(topic, { 0: 0, 1: 0 }) }),
    );
    expect([offsetsIn(world, some.get(0)), offsetsIn(world, some.get(1))]).toEqual([[0, 1, 2], [0]]);
    const each = told(await fetchFrom(wire, leader, { topics: wanted(topic, { 0: 0, 1: 0 }, 2_300) }));
    expect([offsetsIn(world, each.get(0)), offsetsIn(world, each.get(1))]).toEqual([
      [0, 1],
      [0, 1],
    ]);
    // The second partition's first batch exceeds the partition's limit.
    const none = told(await fetchFrom(wire, leader, { topics: wanted(topic, { 0: 0, 1: 0 }, 500) }));
    expect([offsetsIn(world, none.get(0)), offsetsIn(world, none.get(1))]).toEqual([[0], []]);
  },

  "an offset that the log does not hold is told at once; its end is none": async (world) => {
    const { topic, leader } = await world.createTopic(2);
    await world.produce(topic, 0, 5);
    await world.expire(topic, 0, 3);
    const wire = world.openWire();
    const fetch = async (offset: number) =>
      told(
        await fetchFrom(wire, leader, { maxWaitMs: 9_000, topics: wanted(topic, { 0: offset, 1: 0 }) }),
      ).get(0);
    const began = world.monotonicMs();
    const gone = { error: "OFFSET_OUT_OF_RANGE", highWatermark: -1, logStart: -1, records: null };
    expect(await fetch(2)).toMatchObject(gone);
    expect(await fetch(6)).toMatchObject(gone);
    expect(await fetch(3)).toMatchObject({ error: null, highWatermark: 5, logStart: 3 });
    expect(world.monotonicMs() - began).toBeLessThan(3_000 + world.lateMs);
    const atEnd = await fetchFrom(wire, leader, { topics: wanted(topic, { 0: 5 }) });
    expect(told(atEnd).get(0)).toMatchObject({ error: null, records: null });
    const of = async (at: "earliest" | "latest" | "stable") =>
      (await wire.call(leader, "ListOffsets", { at, topics: [{ topic, partitions: [0] }] }, QUESTION))
        .topics[0]?.partitions[0];
    expect(await of("earliest")).toEqual({ partition: 0, error: null, offset: 3 });
    expect(await of("latest")).toEqual({ partition: 0, error: null, offset: 5 });
    expect(await of("stable")).toEqual({ partition: 0, error: null, offset: 5 });
  },

  "a partition that is not there is told in the answer, which comes no sooner while others are": async (
    world,
  ) => {
    const { topic, leader } = await world.createTopic(1);
    const wire = world.openWire();
    await fetchFrom(wire, leader, { topics: wanted(topic, { 0: 0 }) });
    const began = world.monotonicMs();
    const answer = await fetchFrom(wire, leader, { maxWaitMs: 500, topics: wanted(topic, { 0: 0, 7: 0 }) });
    expect(world.monotonicMs() - began).toBeGreaterThanOrEqual(490);
    expect(told(answer).get(7)).toMatchObject({
      error: "UNKNOWN_TOPIC_OR_PARTITION",
      highWatermark: -1,
      records: null,
    });
    expect(told(answer).get(0)?.error).toBeNull();
    const alone = world.monotonicMs();
    await fetchFrom(wire, leader, { maxWaitMs: 9_000, topics: wanted("no-such-topic", { 0: 0 }) });
    expect(world.monotonicMs() - alone).toBeLessThan(3_000 + world.lateMs);
  },

  "a topic that is deleted ends the long poll": async (world) => {
    const { topic, leader } = await world.createTopic(1);
    const wire = world.openWire();
    await world.produce(topic, 0, 1);
    const polling = fetchFrom(wire, leader, { maxWaitMs: 30_000, topics: wanted(topic, { 0: 1 }) });
    await world.sleep(200);
    await world.deleteTopic(topic);
    const began = world.monotonicMs();
    expect(["UNKNOWN_TOPIC_OR_PARTITION", "NOT_LEADER_FOR_PARTITION"]).toContain(
      told(await polling).get(0)?.error ?? "none",
    );
    expect(world.monotonicMs() - began).toBeLessThan(5_000 + world.lateMs);
  },

  "records of an open transaction are held back with all that is behind them": async (world) => {
    const { topic, leader } = await world.createTopic(1);
    const wire = world.openWire();
    const transaction = await world.beginTransaction();
    await world.produce(topic, 0, 1);
    await transaction.produce(topic, 0);
    await world.produce(topic, 0, 1);
    const open = told(await fetchFrom(wire, leader, { topics: wanted(topic, { 0: 0 }) })).get(0);
    expect(open).toMatchObject({ highWatermark: 3, lastStableOffset: 1, aborted: [] });
    const end = async (at: "latest" | "stable") =>
      (await wire.call(leader, "ListOffsets", { at, topics: [{ topic, partitions: [0] }] }, QUESTION))
        .topics[0]?.partitions[0]?.offset;
    expect([await end("latest"), await end("stable")]).toEqual([3, 1]);
    expect(offsetsIn(world, open)).toEqual([0]);
    const polling = fetchFrom(wire, leader, { maxWaitMs: 9_000, topics: wanted(topic, { 0: 1 }) });
    await world.sleep(100);
    await transaction.end("commit");
    const closed = told(await polling).get(0);
    expect(closed).toMatchObject({ highWatermark: 4, lastStableOffset: 4, aborted: [] });
    // The last one is the marker.
    expect(offsetsIn(world, closed)).toEqual([1, 2, 3]);
  },

  "records of an aborted transaction come, and its producer is named with its first offset": async (
    world,
  ) => {
    const { topic, leader } = await world.createTopic(1);
    const wire = world.openWire();
    const [one, two] = [await world.beginTransaction(), await world.beginTransaction()];
    await one.produce(topic, 0);
    await two.produce(topic, 0);
    await one.produce(topic, 0);
    await one.end("abort");
    await two.end("commit");
    const ask = async () => told(await fetchFrom(wire, leader, { topics: wanted(topic, { 0: 0 }) })).get(0);
    let all = await ask();
    // The coordinator answers before the leaders have their markers.
    while (all?.lastStableOffset !== 5) {
      await world.sleep(20);
      all = await ask();
    }
    expect(offsetsIn(world, all)).toEqual([0, 1, 2, 3, 4]);
    expect(all?.aborted.map(({ firstOffset }) => firstOffset)).toEqual([0]);
    const later = told(await fetchFrom(wire, leader, { topics: wanted(topic, { 0: 2 }) })).get(0);
    expect(later?.aborted).toEqual(all?.aborted ?? []);
    const behind = told(await fetchFrom(wire, leader, { topics: wanted(topic, { 0: 4 }) })).get(0);
    expect(behind?.aborted).toEqual([]);
  },
};
