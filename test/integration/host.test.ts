import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { connectTestKafka, type TestKafka, uniqueName } from "../support/kafka.ts";
import { testElasticsearch, type TestElasticsearch } from "../support/elasticsearch.ts";
import { eventually } from "../support/eventually.ts";
import { startTestHost } from "../support/host.ts";
import { testStack } from "../support/stack.ts";

describe("a host on real servers", () => {
  let kafka: TestKafka;
  let elasticsearch: TestElasticsearch;
  let servers: {
    kafka: { brokers: string[]; group: string };
    elasticsearch: { nodes: string[] };
    deadLetters: { topic: string };
  };

  beforeAll(async () => {
    const stack = await testStack();
    kafka = await connectTestKafka(stack.brokers);
    elasticsearch = testElasticsearch(stack.elasticsearchNode);
    servers = {
      kafka: { brokers: stack.brokers, group: uniqueName("hosts") },
      elasticsearch: { nodes: [stack.elasticsearchNode] },
      deadLetters: { topic: uniqueName("dead") },
    };
  });
  afterAll(() => kafka[Symbol.asyncDispose]());

  test("every record of a topic becomes one document and is committed", async () => {
    const topic = uniqueName("basic");
    await kafka.createTopic(topic, 3);
    const messages = Array.from({ length: 5_000 }, (_, n) => ({ key: `k${n}`, value: `line ${n}` }));
    await kafka.produce(topic, messages);

    await using host = await startTestHost({ ...servers, topics: [{ topic, path: "/var/log/basic.log" }] });
    await host.untilIndexed(topic, 5_000);
    const status = await host.untilCaughtUp(topic, 3);

    expect(status.state).toBe("running");
    expect(await elasticsearch.count(topic)).toBe(5_000);
    expect(await kafka.committed(servers.kafka.group, topic)).toEqual(await kafka.ends(topic));
    const [first] = await elasticsearch.documents(topic);
    expect(first?._source).toMatchObject({
      log: { file: { path: "/var/log/basic.log" } },
      kafka: { topic, offset: 0 },
    });
  }, 240_000);

  test("SIGKILL in the middle neither loses nor doubles anything", async () => {
    const topic = uniqueName("killed");
    await kafka.createTopic(topic, 2);
    const batch = (from: number) => Array.from({ length: 500 }, (_, n) => ({ value: `line ${from + n}` }));
    const config = { ...servers, topics: [topic] };
    {
      await using host = await startTestHost(config);
      const producing = (async () => {
        for (let from = 0; from < 20_000; from += 500) await kafka.produce(topic, batch(from));
      })();
      await host.untilTopic(topic, "is in the middle", ({ counts }) => counts.indexed > 1_000);
      host.signal("SIGKILL");
      await producing;
    }
    await using again = await startTestHost(config);
    await again.untilCaughtUp(topic, 2, 60_000);
    // More if the producer sent some again because an answer was late.
    const written = await kafka.written(topic);
    expect(written).toBeGreaterThanOrEqual(20_000);
    expect(await elasticsearch.count(topic)).toBe(written);
  }, 480_000);

  test("SIGTERM commits everything sent and exits with 0", async () => {
    const topic = uniqueName("term");
    await kafka.createTopic(topic, 1);
    await using host = await startTestHost({ ...servers, topics: [topic] });
    await kafka.produce(topic, [{ value: "one" }, { value: "two" }]);
    await host.untilIndexed(topic, 2);
    expect(await host.stop()).toBe(0);
    expect(await kafka.committed(servers.kafka.group, topic)).toEqual(new Map([[0, 2]]));
    expect(await eventually("counted", () => elasticsearch.count(topic))).toBe(2);
  }, 240_000);
});
