import { expect, test } from "bun:test";
import { seededRandom } from "../../../infra/bench/kit/random.ts";
import type { CallOptions, KafkaWire } from "../../../lib/adapters/kafka/protocol/wire.ts";
import { fetchFrom, told, wanted } from "../conformance/world.ts";
import { createVirtualTime } from "../virtual-time.ts";
import { createSimulatedKafka, type SimulatedKafkaOptions } from "./cluster.ts";

const QUESTION: CallOptions = { lane: "questions", timeoutMs: 2_000 };

function cluster(seed: number, options: Partial<SimulatedKafkaOptions> = {}) {
  const random = seededRandom(seed);
  const time = createVirtualTime(random);
  const story: string[] = [];
  const kafka = createSimulatedKafka({
    time,
    random,
    observe: ({ client, nodeId, api, answer }) =>
      story.push(`${time.monotonicMs()} ${client} ${nodeId} ${api} ${JSON.stringify(answer)}`),
    ...options,
  });
  /** Never rejects: errors become values. */
  const metadata = async (wire: KafkaWire, to: number): Promise<string> => {
    try {
      await wire.call(to, "Metadata", { topics: null }, QUESTION);
      return "answered";
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  };
  const settle = <T>(promise: Promise<T>): T => time.settle(promise, time.monotonicMs() + 60_000);
  return { kafka, time, story, metadata, settle };
}

const record = { timestamp: 1, key: null, value: Buffer.from("v"), headers: [] };

test("the same seed tells exactly the same story, another seed another", () => {
  const play = (seed: number): readonly string[] => {
    const { kafka, time, story, metadata } = cluster(seed);
    const wires = ["a", "b"].map((client) => kafka.openWire(client));
    kafka.createTopic("t", 3);
    const again = (wire: KafkaWire, to: number): void => {
      void metadata(wire, to).then(() => time.after(time.random() * 50, () => again(wire, (to + 1) % 3)));
    };
    for (const wire of wires) again(wire, 0);
    time.after(500, () => kafka.kill(1));
    time.after(900, () => kafka.freeze(2, 1_000));
    time.after(3_000, () => kafka.heal());
    time.run(10_000);
    return story;
  };
  expect(play(7).length).toBeGreaterThan(50);
  expect(play(7)).toEqual(play(7));
  expect(play(7)).not.toEqual(play(8));
});

test("a client that is cut off gets no answer in time; its requests may arrive once the connection is restored", () => {
  const { kafka, time, story, metadata, settle } = cluster(1);
  const [cutOff, other] = [kafka.openWire("cut off"), kafka.openWire("other")];
  expect(settle(metadata(cutOff, 0))).toBe("answered");
  kafka.network.cut("cut off", [0]);
  const said = metadata(cutOff, 0);
  expect(settle(metadata(other, 0))).toBe("answered");
  expect(settle(metadata(cutOff, 1))).toBe("answered");
  expect(settle(said)).toContain("did not answer to Metadata within 2000 ms");
  const before = story.length;
  kafka.network.mend("cut off");
  time.run(time.monotonicMs() + 2_000);
  expect(story.length).toBe(before + 1);
  expect(settle(metadata(cutOff, 0))).toBe("answered");
});

test("a frozen broker answers once it continues; a killed one refuses", () => {
  const { kafka, time, metadata, settle } = cluster(2);
  const wire = kafka.openWire("client");
  expect(settle(metadata(wire, 0))).toBe("answered");
  kafka.freeze(0, 1_000);
  const frozenAt = time.monotonicMs();
  expect(settle(metadata(wire, 0))).toBe("answered");
  expect(time.monotonicMs() - frozenAt).toBeGreaterThan(999);
  kafka.freeze(1, 60_000);
  expect(settle(metadata(wire, 1))).toContain("was not connected within 2000 ms");
  kafka.kill(0);
  const asked = settle(metadata(wire, 0));
  expect(["broker 0 closed the connection", "broker 0 refused the connection"]).toContain(asked);
  expect(settle(metadata(wire, 0))).toBe("broker 0 refused the connection");
});

test("a lost answer breaks its connection, though the request was served", () => {
  const { kafka, story, metadata, settle } = cluster(3);
  const wire = kafka.openWire("client");
  kafka.loseAnswerOneIn = 1;
  expect(settle(metadata(wire, 0))).toBe("broker 0 closed the connection");
  expect(story).toHaveLength(1);
  kafka.loseAnswerOneIn = 0;
  expect(settle(metadata(wire, 0))).toBe("answered");
});

test("a controlled request is answered in the broker's place", () => {
  const { kafka, settle } = cluster(4);
  const wire = kafka.openWire("client");
  // All other requests go to the broker.
  kafka.control = ({ api }) => (api === "Heartbeat" ? { error: "NOT_COORDINATOR_FOR_GROUP" } : undefined);
  const token = { groupId: "g", memberId: "m", generation: 1 };
  expect(settle(wire.call(0, "Heartbeat", token, QUESTION)).error).toBe("NOT_COORDINATOR_FOR_GROUP");
  expect(settle(wire.call(null, "Metadata", { topics: [] }, QUESTION)).brokers).toHaveLength(3);
});

test("a consumer is sent to the replica in its rack, which serves the records it has", () => {
  const { kafka, time, settle } = cluster(5, { rackAware: true });
  const wire = kafka.openWire("client");
  kafka.createTopic("t", 1);
  time.run(3_000);
  kafka.append("t", 0, [record]);
  time.run(4_000);
  const leader = kafka.controller.image.topics.get("t")?.partitions[0]?.leader ?? -1;
  const near = (leader + 1) % 3;
  const topics = wanted("t", { 0: 0 });
  const fetch = (from: number, rack: string) =>
    told(settle(fetchFrom(wire, from, { rack, topics, maxWaitMs: 5_000 }))).get(0);
  expect(fetch(leader, `rack-${near}`)).toMatchObject({
    preferredReadReplica: near,
    highWatermark: 1,
    records: null,
  });
  for (const [from, rack] of [
    [near, `rack-${near}`],
    [leader, `rack-${leader}`],
    [leader, ""],
  ] as const) {
    const fetched = fetch(from, rack);
    expect(fetched?.preferredReadReplica).toBe(-1);
    expect(fetched?.records).not.toBeNull();
  }
});

test("a topic created again begins at 0 and is another; a broker that missed the change serves the former one", () => {
  const { kafka, time, settle } = cluster(6);
  const wire = kafka.openWire("client");
  kafka.createTopic("t", 1);
  time.run(3_000);
  kafka.append("t", 0, [record, record]);
  time.run(4_000);
  const leader = kafka.controller.image.topics.get("t")?.partitions[0]?.leader ?? -1;
  kafka.deleteTopic("t");
  const fetch = () => told(settle(fetchFrom(wire, leader, { topics: wanted("t", { 0: 0 }) }))).get(0);
  time.run(6_000);
  expect(fetch()?.error).toBe("UNKNOWN_TOPIC_OR_PARTITION");
  kafka.createTopic("t", 1);
  time.run(8_000);
  kafka.append("t", 0, [record]);
  time.run(9_000);
  expect(fetch()?.highWatermark ?? 1).toBe(1);
  expect(kafka.replicas("t", 0)?.log.end).toBe(1);
});
