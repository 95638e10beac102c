import { expect } from "bun:test";
import { fetchFrom, told, wanted, type Rule } from "./world.ts";

export const sessionRules: Readonly<Record<string, Rule>> = {
  "the first answer of a session tells all partitions, the next ones what changed": async (world) => {
    const { topic, leader } = await world.createTopic(3);
    const wire = world.openWire();
    const first = await fetchFrom(wire, leader, {
      sessionEpoch: 0,
      topics: wanted(topic, { 0: 0, 1: 0, 2: 0 }),
    });
    const { sessionId } = first;
    expect(first.error).toBeNull();
    expect(sessionId).toBeGreaterThan(0);
    expect(new Set(told(first).keys())).toEqual(new Set([0, 1, 2]));
    const idle = await fetchFrom(wire, leader, { sessionId, sessionEpoch: 1 });
    expect(idle).toEqual({ error: null, sessionId, topics: [] });
    await world.produce(topic, 1, 1);
    const changed = await fetchFrom(wire, leader, { sessionId, sessionEpoch: 2 });
    expect([...told(changed).keys()]).toEqual([1]);
    expect(told(changed).get(1)?.records).not.toBeNull();
    // Nobody confirmed them, so they come again.
    expect(
      told(await fetchFrom(wire, leader, { sessionId, sessionEpoch: 3 })).get(1)?.records,
    ).not.toBeNull();
    const taken = await fetchFrom(wire, leader, {
      sessionId,
      sessionEpoch: 4,
      topics: wanted(topic, { 1: 1 }),
    });
    expect(taken.topics).toEqual([]);
  },

  "an epoch out of turn, and a session that is not known, are refused": async (world) => {
    const { topic, leader } = await world.createTopic(1);
    const wire = world.openWire();
    const topics = wanted(topic, { 0: 0 });
    const { sessionId } = await fetchFrom(wire, leader, { sessionEpoch: 0, topics });
    for (const sessionEpoch of [2, 7])
      expect(await fetchFrom(wire, leader, { sessionId, sessionEpoch })).toEqual({
        error: "INVALID_FETCH_SESSION_EPOCH",
        sessionId: 0,
        topics: [],
      });
    expect((await fetchFrom(wire, leader, { sessionId, sessionEpoch: 1 })).error).toBeNull();
    expect((await fetchFrom(wire, leader, { sessionId, sessionEpoch: 1 })).error).toBe(
      "INVALID_FETCH_SESSION_EPOCH",
    );
    // The refused session stays.
    expect((await fetchFrom(wire, leader, { sessionId, sessionEpoch: 2 })).error).toBeNull();
    const unknown = sessionId === 1 ? 2 : sessionId - 1;
    expect(await fetchFrom(wire, leader, { sessionId: unknown, sessionEpoch: 1 })).toEqual({
      error: "FETCH_SESSION_ID_NOT_FOUND",
      sessionId: 0,
      topics: [],
    });
  },

  "a fetch from the start, or without a session, ends the session that it names": async (world) => {
    const { topic, leader } = await world.createTopic(1);
    const wire = world.openWire();
    const topics = wanted(topic, { 0: 0 });
    const first = await fetchFrom(wire, leader, { sessionEpoch: 0, topics });
    const second = await fetchFrom(wire, leader, { sessionId: first.sessionId, sessionEpoch: 0, topics });
    expect(second.sessionId).toBeGreaterThan(0);
    expect(second.sessionId).not.toBe(first.sessionId);
    const gone = await fetchFrom(wire, leader, { sessionId: first.sessionId, sessionEpoch: 1 });
    expect(gone.error).toBe("FETCH_SESSION_ID_NOT_FOUND");
    const without = await fetchFrom(wire, leader, { sessionId: second.sessionId, sessionEpoch: -1, topics });
    expect([without.error, without.sessionId]).toEqual([null, 0]);
    const ended = await fetchFrom(wire, leader, { sessionId: second.sessionId, sessionEpoch: 1 });
    expect(ended.error).toBe("FETCH_SESSION_ID_NOT_FOUND");
  },

  "a session belongs to no connection": async (world) => {
    const { topic, leader } = await world.createTopic(1);
    const wire = world.openWire();
    const { sessionId } = await fetchFrom(wire, leader, { sessionEpoch: 0, topics: wanted(topic, { 0: 0 }) });
    wire.cut(leader, "tail");
    expect((await fetchFrom(wire, leader, { sessionId, sessionEpoch: 1 })).error).toBeNull();
  },

  "partitions come and go; with the last one the session ends": async (world) => {
    const { topic, leader } = await world.createTopic(2);
    await world.produce(topic, 0, 1);
    await world.produce(topic, 1, 1);
    const wire = world.openWire();
    const { sessionId } = await fetchFrom(wire, leader, { sessionEpoch: 0, topics: wanted(topic, { 0: 1 }) });
    const more = await fetchFrom(wire, leader, {
      sessionId,
      sessionEpoch: 1,
      topics: wanted(topic, { 1: 0 }),
    });
    expect([...told(more).keys()]).toEqual([1]);
    const less = await fetchFrom(wire, leader, {
      sessionId,
      sessionEpoch: 2,
      forgotten: [{ topic, partitions: [1] }],
    });
    expect(less).toEqual({ error: null, sessionId, topics: [] });
    const back = await fetchFrom(wire, leader, {
      sessionId,
      sessionEpoch: 3,
      topics: wanted(topic, { 1: 1 }),
    });
    // Added again, it is reported even without records.
    expect([...told(back).keys()]).toEqual([1]);
    const none = await fetchFrom(wire, leader, {
      sessionId,
      sessionEpoch: 4,
      forgotten: [{ topic, partitions: [0, 1] }],
    });
    expect([none.error, none.sessionId, none.topics]).toEqual([null, 0, []]);
    expect((await fetchFrom(wire, leader, { sessionId, sessionEpoch: 5 })).error).toBe(
      "FETCH_SESSION_ID_NOT_FOUND",
    );
  },

  "whoever brought records comes last next time": async (world) => {
    const { topic, leader } = await world.createTopic(3);
    for (const partition of [0, 1, 2]) await world.produce(topic, partition, 3, 1_000);
    const wire = world.openWire();
    const first = await fetchFrom(wire, leader, {
      sessionEpoch: 0,
      maxBytes: 1_500,
      topics: wanted(topic, { 0: 0, 1: 0, 2: 0 }),
    });
    const { sessionId } = first;
    const seen: number[] = [];
    for (let sessionEpoch = 1; sessionEpoch <= 6; sessionEpoch += 1) {
      const answer = await fetchFrom(wire, leader, { sessionId, sessionEpoch, maxBytes: 1_500 });
      for (const [partition, { records }] of told(answer)) if (records !== null) seen.push(partition);
    }
    expect(new Set(seen.slice(0, 3))).toEqual(new Set([0, 1, 2]));
    expect(seen.slice(3)).toEqual(seen.slice(0, 3));
  },

  "a moved high watermark or log start is told without records": async (world) => {
    const { topic, leader } = await world.createTopic(1);
    await world.produce(topic, 0, 3);
    const wire = world.openWire();
    const { sessionId } = await fetchFrom(wire, leader, { sessionEpoch: 0, topics: wanted(topic, { 0: 3 }) });
    await world.expire(topic, 0, 2);
    const start = told(await fetchFrom(wire, leader, { sessionId, sessionEpoch: 1 })).get(0);
    expect(start).toMatchObject({ error: null, logStart: 2, highWatermark: 3, records: null });
    const transaction = await world.beginTransaction();
    await transaction.produce(topic, 0);
    const moved = told(await fetchFrom(wire, leader, { sessionId, sessionEpoch: 2 })).get(0);
    expect(moved).toMatchObject({ error: null, highWatermark: 4, lastStableOffset: 3, records: null });
    await transaction.end("abort");
  },

  "an error is told in every answer until it is gone, and then that it is": async (world) => {
    const { topic, leader } = await world.createTopic(2);
    await world.produce(topic, 0, 1);
    const wire = world.openWire();
    const first = await fetchFrom(wire, leader, { sessionEpoch: 0, topics: wanted(topic, { 0: 9, 1: 0 }) });
    const { sessionId } = first;
    for (const sessionEpoch of [1, 2]) {
      const answer = told(await fetchFrom(wire, leader, { sessionId, sessionEpoch, maxWaitMs: 9_000 }));
      expect([...answer].map(([partition, { error }]) => [partition, error])).toEqual([
        [0, "OFFSET_OUT_OF_RANGE"],
      ]);
    }
    const well = await fetchFrom(wire, leader, {
      sessionId,
      sessionEpoch: 3,
      topics: wanted(topic, { 0: 1 }),
    });
    expect(told(well).get(0)).toMatchObject({ error: null, highWatermark: 1, records: null });
  },
};
