import { expect, test } from "bun:test";
import { createKafkaWire } from "../../../../../lib/adapters/kafka/wire/kafkajs-wire.ts";
import { createWireLender } from "../../../../../lib/adapters/kafka/wire/wire-lender.ts";
import type { KafkaWire } from "../../../../../lib/adapters/kafka/protocol/wire.ts";
import { useReleases } from "../../../../support/releases.ts";
import { eventually } from "../../../../support/eventually.ts";
import { startFakeBrokers } from "../../../../support/fake-brokers.ts";
import { createMemoryLogger } from "../../../../support/memory-logger.ts";
import { rejection } from "../../../../support/rejection.ts";
import { kafkaSettings } from "../../../../support/settings.ts";

const releases = useReleases();

async function lending() {
  const [broker] = await startFakeBrokers(1);
  if (broker === undefined) return expect.unreachable();
  const lender = createWireLender((settings) => createKafkaWire(settings, createMemoryLogger()));
  const settings = kafkaSettings({ brokers: [broker.address] });
  const lend = (own = settings): KafkaWire => {
    const wire = lender.lend(own);
    releases.push(() => wire.close());
    return wire;
  };
  releases.push(() => broker[Symbol.asyncDispose]());
  return { broker, settings, lend };
}

const token = { groupId: "g", generation: 1, memberId: "m" };
const beat = (wire: KafkaWire, timeoutMs = 2_000, signal?: AbortSignal) =>
  wire.call(1, "Heartbeat", token, { lane: "questions", timeoutMs, ...(signal && { signal }) });
const closed = { code: "kafka_unavailable", message: "the connections to Kafka are closed" };

test("borrowers for the same brokers share connections, which close with the last one", async () => {
  const { broker, settings, lend } = await lending();
  const [one, other] = [lend(), lend({ ...settings, group: "another", inFlightMaxBytes: 1 })];
  await Promise.all([beat(one), beat(other)]);
  expect(broker.open).toBe(1);
  const apart = lend({ ...settings, brokers: [broker.address, broker.address] });
  await beat(apart);
  expect(broker.open).toBe(2);
  await Promise.all([one.close(), one.close(), apart.close()]);
  await eventually("one is left", () => broker.open === 1);
  expect(await beat(other)).toEqual({ error: null });
  await other.close();
  await eventually("none is left", () => broker.open === 0);
  expect(await rejection(beat(other))).toMatchObject(closed);
  expect(await beat(lend())).toEqual({ error: null });
});

test("a borrower that closes or aborts does not affect the others", async () => {
  const { broker, lend } = await lending();
  const [one, other] = [lend(), lend()];
  await beat(one);
  const kept = beat(other);
  const calling = new AbortController();
  const [ended, calledOff] = [rejection(beat(one)), rejection(beat(other, 2_000, calling.signal))];
  calling.abort(new Error("not needed"));
  await one.close();
  expect(await ended).toMatchObject(closed);
  expect(await calledOff).toMatchObject({ message: "not needed" });
  expect(await kept).toEqual({ error: null });
  expect(broker.open).toBe(1);
});

test("a connection that one borrower lost is reopened for the other", async () => {
  const { broker, lend } = await lending();
  const [one, other] = [lend(), lend()];
  await beat(other);
  broker.freeze();
  expect(await rejection(beat(one, 50))).toMatchObject({ code: "kafka_unavailable" });
  broker.thaw();
  expect(await beat(other)).toEqual({ error: null });
  expect(broker.open).toBe(1);
});
