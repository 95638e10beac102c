import { describe, expect, test } from "bun:test";
import { startElasticsearchStub } from "../support/elasticsearch-stub.ts";
import { eventually } from "../support/eventually.ts";
import { startTestHost, type TestHost } from "../support/host.ts";
import { uniqueName } from "../support/kafka.ts";
import { itemTooMany, wholeTooMany } from "../support/recorded/bulk-answers.ts";
import { useStack } from "../support/stack-clients.ts";

/**
 * Complaints about other shippers, named by the thread in their tracker. Other tests cover the rest;
 * test/structure/pains.test.ts lists them all.
 */
describe("not here:", () => {
  const servers = useStack();

  test("a repeatedly refused record is lost because later ones were acknowledged (vector#24543)", async () => {
    const topic = uniqueName("refused");
    const [at, count] = [10, 30];
    await servers.kafka.createTopic(topic);
    await using stub = await startElasticsearchStub(servers.addresses.elasticsearchNode);
    stub.meet(topic, { kind: "some refused", hits: (position) => position === at, item: itemTooMany });
    stub.meet(topic, ...Array.from({ length: 100 }, () => ({ kind: "answered", ...wholeTooMany }) as const));
    await servers.kafka.produce(
      topic,
      Array.from({ length: count }, (_, n) => ({ value: `line ${n}` })),
    );
    await using host = await startTestHost({
      ...servers.config,
      elasticsearch: { nodes: [stub.url] },
      topics: [topic],
    });
    const committed = async (): Promise<number> =>
      (await servers.kafka.committed(servers.config.kafka.group, topic)).get(0) ?? -1;

    await host.untilTopic(topic, "has all others", ({ counts }) => {
      return counts.indexed + counts.duplicate >= count - 1;
    });
    await eventually("those before it are committed", async () => (await committed()) === at);
    // Read after the commit: it was refused again since, and still nothing beyond it is committed.
    const refusals = stub.bulks(topic);
    await eventually("it was refused once more", () => stub.bulks(topic) > refusals);
    expect(await committed()).toBe(at);

    stub.heal(topic);
    await eventually("all is committed", async () => (await committed()) === count);
    expect(await servers.elasticsearch.count(topic)).toBe(count);
  }, 240_000);

  test("a partition stays blocked by records that become no documents (kafka-connect-elasticsearch#722)", async () => {
    const topic = uniqueName("skipped");
    await servers.kafka.createTopic(topic);
    const filler = "x".repeat(1_000);
    // Far more than the budget admits at once, so that reading pauses again and again.
    for (let batch = 0; batch < 10; batch += 1) {
      await servers.kafka.produce(
        topic,
        Array.from({ length: 1_000 }, (_, n) =>
          n % 5 === 0 ? { key: String(n), value: `${n} ${filler}` } : { key: filler, value: null },
        ),
      );
    }
    await using host = await startTestHost({
      ...servers.config,
      kafka: { ...servers.config.kafka, inFlight: { maxBytes: "1mb" } },
      topics: [topic],
    });
    const { state, counts } = await host.untilTopic(
      topic,
      "has caught up",
      ({ partitions }) => partitions[0]?.committed === 10_000 && partitions[0].lag === 0,
    );
    expect(state).toBe("running");
    expect(counts).toMatchObject({ deadLettered: 0 });
    expect(await servers.elasticsearch.count(topic)).toBe(2_000);
  }, 240_000);

  test("a lag is reported by nobody, by two, or stays behind after a rebalance (vector#24647, logstash#9893)", async () => {
    const topic = uniqueName("lag");
    await servers.kafka.createTopic(topic, 4);
    const config = { ...servers.config, topics: [topic] };
    const told = async (host: TestHost): Promise<number[]> => {
      const text = await (await host.fetch("/metrics")).text();
      const lines = text.matchAll(/^penstock_consumer_lag\{topic="([^"]*)",partition="(\d+)"\} \d+$/gm);
      return [...lines]
        .filter((line) => line[1] === topic)
        .map((line) => Number(line[2]))
        .toSorted((a, b) => a - b);
    };
    await using first = await startTestHost(config);
    await eventually("one tells of all", async () => (await told(first)).join() === "0,1,2,3");
    await using second = await startTestHost(config);
    await eventually("each tells of its own", async () => {
      const [ours, theirs] = [await told(first), await told(second)];
      return (
        ours.length === 2 &&
        theirs.length === 2 &&
        [...ours, ...theirs].toSorted((a, b) => a - b).join() === "0,1,2,3"
      );
    });
    expect(await second.stop()).toBe(0);
    await eventually("one tells of all again", async () => (await told(first)).join() === "0,1,2,3");
  }, 360_000);
});
