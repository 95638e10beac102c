import { afterEach, describe, expect, test } from "bun:test";
import { createKafkaLinks } from "../../../../../lib/adapters/kafka/client/links.ts";
import { apiCodecs } from "../../../../../lib/adapters/kafka/protocol/codecs.ts";
import { createKafkaWire } from "../../../../../lib/adapters/kafka/wire/kafkajs-wire.ts";
import type { KafkaWire, Lane } from "../../../../../lib/adapters/kafka/protocol/wire.ts";
import { systemTime } from "../../../../../lib/adapters/system/system-time.ts";
import type { Time } from "../../../../../lib/rules/base/time.ts";
import { eventually } from "../../../../support/eventually.ts";
import { type FakeBroker, startFakeBrokers, kafka23Versions } from "../../../../support/fake-brokers.ts";
import { createMemoryLogger } from "../../../../support/memory-logger.ts";
import { rejection } from "../../../../support/rejection.ts";
import { kafkaSettings } from "../../../../support/settings.ts";

const token = { groupId: "g", generation: 1, memberId: "m" };
const started: AsyncDisposable[] = [];
const opened: KafkaWire[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((wire) => wire.close()));
  await Promise.all(started.splice(0).map((broker) => broker[Symbol.asyncDispose]()));
});

async function brokersOf(count: number): Promise<[FakeBroker, FakeBroker, FakeBroker]> {
  const brokers = await startFakeBrokers(count);
  started.push(...brokers);
  return brokers as [FakeBroker, FakeBroker, FakeBroker];
}

function wireTo(addresses: readonly string[], time: Time = systemTime): KafkaWire {
  // Always starts with the first address that did not fail.
  const links = createKafkaLinks(Date.now, () => 0);
  const wire = createKafkaWire(kafkaSettings({ brokers: addresses }), createMemoryLogger(), links, time);
  opened.push(wire);
  return wire;
}

const beat = (wire: KafkaWire, to: number, lane: Lane = "questions", timeoutMs = 2_000) =>
  wire.call(to, "Heartbeat", token, { lane, timeoutMs });
const brokersOn = (wire: KafkaWire, timeoutMs = 2_000) =>
  wire.call(null, "Metadata", { topics: [] }, { lane: "questions", timeoutMs });

describe("connections", () => {
  test("there is one per broker and lane, opened with the first call", async () => {
    const [first, second] = await brokersOf(2);
    const wire = wireTo([first.address]);
    await brokersOn(wire);
    expect([first.open, second.open]).toEqual([1, 0]);
    const lanes: Lane[] = ["questions", "tail", "backlog", "group"];
    await Promise.all(
      lanes.flatMap((lane) => [beat(wire, 1, lane), beat(wire, 1, lane), beat(wire, 2, lane)]),
    );
    await Promise.all(lanes.map((lane) => beat(wire, 1, lane)));
    expect([first.open, second.open]).toEqual([4, 4]);
    const asked = first.requests.filter(({ api }) => api === "Heartbeat").map(({ connection }) => connection);
    expect(asked.toSorted((a, b) => a - b)).toEqual([0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3]);
  });

  test("an address that no broker advertises is asked for the others, then closed", async () => {
    const [first] = await brokersOf(1);
    const wire = wireTo([first.address.replace("127.0.0.1", "localhost")]);
    await beat(wire, 1);
    await eventually("one is left", () => first.open === 1);
    expect(first.requests.map(({ api }) => api)).toEqual([
      "ApiVersions",
      "Metadata",
      "ApiVersions",
      "Heartbeat",
    ]);
  });

  test("the backlog's is closed after a minute without use, and reopened", async () => {
    const [first] = await brokersOf(1);
    const timers: { ms: number; act: () => void; isOff: boolean }[] = [];
    const time: Time = {
      ...systemTime,
      after(ms, act) {
        const timer = { ms, act, isOff: false };
        timers.push(timer);
        return () => void (timer.isOff = true);
      },
    };
    const wire = wireTo([first.address], time);
    await beat(wire, 1, "tail");
    await beat(wire, 1, "backlog");
    await Promise.all([beat(wire, 1, "backlog"), beat(wire, 1, "backlog")]);
    const due = timers.filter(({ isOff }) => !isOff);
    expect(due.map(({ ms }) => ms)).toEqual([60_000]);
    expect(first.open).toBe(3);
    due[0]?.act();
    await eventually("two are left", () => first.open === 2);
    await beat(wire, 1, "backlog");
    expect(first.open).toBe(3);
  });

  test("pending calls of a lane that is cut fail at once; others continue", async () => {
    const [first] = await brokersOf(1);
    const wire = wireTo([first.address]);
    await Promise.all([beat(wire, 1, "tail"), beat(wire, 1)]);
    first.freeze();
    const cut = rejection(beat(wire, 1, "tail"));
    const other = beat(wire, 1);
    await eventually(
      "both are asked",
      () => first.requests.filter(({ api }) => api === "Heartbeat").length === 4,
    );
    wire.cut(1, "tail");
    expect(await cut).toMatchObject({
      code: "kafka_unavailable",
      message: `the tail connection to ${first.address} was cut`,
    });
    first.thaw();
    expect(await beat(wire, 1, "tail")).toEqual({ error: null });
    wire.cut(1, "questions");
    await rejection(other);
  });

  test("after close nothing is pending, open or sent", async () => {
    const [first] = await brokersOf(1);
    const wire = wireTo([first.address]);
    await beat(wire, 1);
    first.freeze();
    const pending = rejection(beat(wire, 1));
    const opening = rejection(beat(wire, 1, "group"));
    await eventually("it is asked", () => first.requests.length >= 4);
    const began = performance.now();
    await wire.close();
    const ended = { code: "kafka_unavailable", message: "the connections to Kafka are closed" };
    expect(await pending).toMatchObject(ended);
    expect(await opening).toMatchObject(ended);
    expect(await rejection(beat(wire, 1))).toMatchObject(ended);
    await eventually("none is open", () => first.open === 0);
    expect(performance.now() - began).toBeLessThan(2_000);
  });
});

describe("failures", () => {
  test("a request without an answer in time closes its connection; the next one uses a new one", async () => {
    const [first] = await brokersOf(1);
    const wire = wireTo([first.address]);
    await beat(wire, 1);
    first.freeze();
    expect(await rejection(beat(wire, 1, "questions", 300))).toMatchObject({
      code: "kafka_unavailable",
      message: expect.stringContaining(`${first.address} did not answer within 0 s`),
    });
    await eventually("it is closed", () => first.open === 0);
    first.thaw();
    expect(await beat(wire, 1)).toEqual({ error: null });
  });

  test("the time that the request allows the broker is added to the timeout", async () => {
    const [first] = await brokersOf(1);
    const wire = wireTo([first.address]);
    await beat(wire, 1, "group");
    first.freeze();
    const began = performance.now();
    const join = wire.call(
      1,
      "JoinGroup",
      {
        groupId: "g",
        sessionTimeoutMs: 1,
        rebalanceTimeoutMs: 400,
        memberId: "",
        protocolType: "consumer",
        protocols: [],
      },
      { lane: "group", timeoutMs: 200 },
    );
    expect(await rejection(join)).toMatchObject({ code: "kafka_unavailable" });
    expect(performance.now() - began).toBeGreaterThan(580);
  });

  test("a silent broker blocks no other, and no request that any broker may answer", async () => {
    const [first, second, third] = await brokersOf(3);
    const wire = wireTo([first.address, second.address]);
    await Promise.all([beat(wire, 1), beat(wire, 2)]);
    first.freeze();
    const silent = rejection(beat(wire, 1, "questions", 9_000));
    const began = performance.now();
    expect(await Promise.all([beat(wire, 2), beat(wire, 3)])).toEqual([{ error: null }, { error: null }]);
    expect((await brokersOn(wire, 9_000)).brokers).toHaveLength(3);
    // How long the silent one is waited for before another is asked.
    expect(performance.now() - began).toBeLessThan(2_900);
    wire.cut(1, "questions");
    expect(await silent).toMatchObject({ code: "kafka_unavailable" });
    expect(third.open).toBe(1);
  });

  test("the configured addresses are tried in turn, a silent one for a limited time", async () => {
    const [first, second, third] = await brokersOf(3);
    await first.stop();
    second.freeze();
    const wire = wireTo([first.address, second.address, third.address]);
    const began = performance.now();
    expect((await brokersOn(wire, 3_000)).brokers).toHaveLength(3);
    expect(performance.now() - began).toBeWithin(900, 2_900);
  });

  test("if none answers, the error names all that failed", async () => {
    const [first, second] = await brokersOf(2);
    await Promise.all([first.stop(), second.stop()]);
    const wire = wireTo([first.address, second.address]);
    const error = await rejection(beat(wire, 1));
    expect(error).toMatchObject({ code: "kafka_unavailable", retryable: true });
    expect(String(error)).toMatch(
      new RegExp(
        `Kafka at ${first.address}, ${second.address} does not answer: nothing listens at \\S+ \\(ECONNREFUSED\\)`,
      ),
    );
  });

  test("a broker that returns at another address is found", async () => {
    const [first, second] = await brokersOf(2);
    const wire = wireTo([first.address]);
    await Promise.all([beat(wire, 1), beat(wire, 2)]);
    await second.move();
    // Not connected there yet, and nothing listens at the old address.
    expect(await beat(wire, 2, "tail")).toEqual({ error: null });
    expect(await beat(wire, 2)).toEqual({ error: null });
  });

  test("an unknown broker is looked up and reported missing", async () => {
    const [first] = await brokersOf(1);
    const wire = wireTo([first.address]);
    expect(await rejection(beat(wire, 9))).toMatchObject({
      code: "kafka_unavailable",
      retryable: true,
      message: "broker 9 is not part of the cluster at the moment",
    });
  });

  test("a broker that is too old is refused with a reason", async () => {
    const [first] = await brokersOf(1);
    first.limitVersions(4);
    const wire = wireTo([first.address]);
    expect(await rejection(beat(wire, 1))).toMatchObject({
      code: "kafka_refused",
      message: `Kafka at ${first.address} is older than 2.4, the oldest version Penstock supports: it does not know version 6 of Metadata`,
    });
  });

  test("so is 2.3, which lacks only topics with the broker's default partitions", async () => {
    const [first] = await brokersOf(1);
    first.limitVersions(kafka23Versions);
    const message = `Kafka at ${first.address} is older than 2.4, the oldest version Penstock supports: it does not know version 4 of CreateTopics`;
    expect(await rejection(beat(wireTo([first.address]), 1))).toMatchObject({
      code: "kafka_refused",
      message,
    });
  });

  test("a broker without DescribeGroups is usable, and never asked for it", async () => {
    const [first] = await brokersOf(1);
    const all = Object.values(apiCodecs).map(({ key, version }) => [key, [0, version]] as const);
    first.limitVersions(Object.fromEntries(all.filter(([key]) => key !== apiCodecs.DescribeGroups.key)));
    const wire = wireTo([first.address]);
    expect(await beat(wire, 1)).toEqual({ error: null });
    const question = wire.call(
      1,
      "DescribeGroups",
      { groups: ["a"] },
      { lane: "questions", timeoutMs: 1_000 },
    );
    expect(await rejection(question)).toMatchObject({
      code: "kafka_refused",
      message: expect.stringContaining("does not support DescribeGroups"),
    });
    expect(await beat(wire, 1)).toEqual({ error: null });
  });

  test("a broker that dropped our version is refused with another reason", async () => {
    const [first] = await brokersOf(1);
    first.limitVersions({ 3: [7, 20] });
    const message = `Kafka at ${first.address} is newer than this version of Penstock supports: it no longer accepts version 6 of Metadata`;
    expect(await rejection(beat(wireTo([first.address]), 1))).toMatchObject({
      code: "kafka_refused",
      message,
    });
  });

  test("reports which versions both support, once connected", async () => {
    const [first] = await brokersOf(1);
    const wire = wireTo([first.address]);
    expect(await wire.knows(1, "Fetch", 7)).toBe(true);
    expect(await wire.knows(1, "Fetch", 11)).toBe(true);
    expect(await wire.knows(1, "Fetch", 12)).toBe(false);
  });
});
