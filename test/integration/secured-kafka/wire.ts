import { beforeAll, expect, test } from "bun:test";
import { createKafkaDecoder } from "../../../lib/adapters/kafka/records/kafka-decoder.ts";
import type { CallOptions, FetchRequest, KafkaWire } from "../../../lib/adapters/kafka/protocol/wire.ts";
import { eventually } from "../../support/eventually.ts";
import { rejection } from "../../support/rejection.ts";
import { USER } from "../../support/secured-kafka.ts";
import { type SecuredWorld, WRONG } from "./world.ts";

const QUESTION: CallOptions = { lane: "questions", timeoutMs: 60_000 };
const NODE = 1;

/** Long-lived connections and the calls made on them. */
export function describeWire(world: SecuredWorld): void {
  const { wireOver, login, trusting } = world;
  let topic: string;
  beforeAll(async () => {
    topic = await world.newTopic("one", "two");
  });

  const fetchFrom = (fetchOffset: number, maxWaitMs: number): FetchRequest => ({
    maxWaitMs,
    minBytes: 1,
    maxBytes: 1_000_000,
    sessionId: 0,
    sessionEpoch: -1,
    rack: "",
    topics: [{ topic, partitions: [{ partition: 0, fetchOffset, maxBytes: 1_000_000 }] }],
    forgotten: [],
  });

  async function valuesOf(wire: KafkaWire): Promise<string[]> {
    const answer = await wire.call(NODE, "Fetch", fetchFrom(0, 500), { lane: "tail", timeoutMs: 60_000 });
    const { records, ...position } = answer.topics[0]?.partitions[0] ?? expect.unreachable();
    const part = {
      fetchOffset: 0,
      records: records ?? expect.unreachable(),
      aborted: position.aborted,
      position,
    };
    const piece = await createKafkaDecoder({ maxBatchBytes: 1_000_000 }).open(part).decodeNext(1_000_000);
    return (piece?.records ?? []).map(({ value }) => String(value));
  }

  test.concurrent("sessions that end after 10 s are renewed on every lane, even between long polls and beside other calls", async () => {
    // A machine that stands still for seconds misses a renewal: then it is no proof, and tried again.
    await eventually("no call fails", async () => {
      const wire = wireOver({ name: "", to: "REAUTH", sasl: login("scram-sha-512") });
      const until = performance.now() + 23_000;
      let polls = 0;
      let questions = 0;
      const poll = async (): Promise<void> => {
        for (; performance.now() < until; polls += 1)
          await wire.call(NODE, "Fetch", fetchFrom(2, 500), { lane: "tail", timeoutMs: 30_000 });
      };
      const ask = async (): Promise<void> => {
        for (; performance.now() < until; questions += 1) {
          await wire.call(NODE, "Metadata", { topics: [topic] }, QUESTION);
          await Bun.sleep(50);
        }
      };
      await Promise.all([poll(), ask(), ask(), ask()]);
      return polls > 20 && questions > 100;
    });
  }, 360_000);

  test("a wrong password is tried once, however many callers there are", async () => {
    const before = await world.secured.refusedLogins();
    const wire = wireOver({ name: "", to: "SASLTLS", tls: trusting, sasl: login("scram-sha-512", WRONG) });
    const ask = () => rejection(wire.call(null, "Metadata", { topics: null }, QUESTION));
    for (const error of [...(await Promise.all([ask(), ask(), ask()])), await ask(), await ask()]) {
      expect(error).toMatchObject({ code: "kafka_refused" });
      expect(String(error)).toContain(
        `Kafka at ${world.secured.listener("SASLTLS")} refused the login (SCRAM-SHA-512) of user ${USER}`,
      );
    }
    expect((await world.secured.refusedLogins()) - before).toBe(1);
  }, 240_000);

  test("a frozen broker times out, and is read again once it continues", async () => {
    const wire = wireOver({ name: "", to: "SASL", sasl: login("plain") });
    expect(await valuesOf(wire)).toEqual(["one", "two"]);
    const open = { lane: "questions", timeoutMs: 1_000 } as const;
    await wire.call(NODE, "Metadata", { topics: [topic] }, QUESTION);
    const probe = wireOver({ name: "", to: "SASL", sasl: login("plain") });
    const short = { lane: "questions", timeoutMs: 200 } as const;
    await probe.call(NODE, "Metadata", { topics: [topic] }, QUESTION);
    world.secured.stack.kafka.freeze();
    try {
      // The signal returns before the last thread of the broker has stopped.
      await eventually("the broker is frozen", () =>
        probe.call(NODE, "Metadata", { topics: [topic] }, short).then(
          () => false,
          () => true,
        ),
      );
      const began = performance.now();
      const [poll, question] = await Promise.all([
        rejection(wire.call(NODE, "Fetch", fetchFrom(2, 1_000), { lane: "tail", timeoutMs: 500 })),
        rejection(wire.call(NODE, "Metadata", { topics: [topic] }, open)),
      ]);
      for (const error of [poll, question]) expect(error).toMatchObject({ code: "kafka_unavailable" });
      expect(performance.now() - began).toBeWithin(1_400, 30_000);
      // A new connection is opened, and stays silent.
      const silent = await rejection(wire.call(NODE, "Metadata", { topics: [topic] }, open));
      expect(silent).toMatchObject({ code: "kafka_unavailable", retryable: true });
    } finally {
      world.secured.stack.kafka.thaw();
    }
    await eventually("it answers again", async () => {
      const asked = wire.call(NODE, "Metadata", { topics: [topic] }, QUESTION);
      return asked.then(
        () => true,
        () => false,
      );
    });
    expect(await valuesOf(wire)).toEqual(["one", "two"]);
  }, 240_000);
}
