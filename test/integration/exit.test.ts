import { describe, expect, test } from "bun:test";
import { consumedOf } from "../support/consumed.ts";
import { eventually } from "../support/eventually.ts";
import { expectQuick } from "../support/expect-quick.ts";
import { startTestHost } from "../support/host.ts";
import { uniqueName } from "../support/kafka.ts";
import { useStack } from "../support/stack-clients.ts";
import { startTcpProxy } from "../support/tcp-proxy.ts";

const DEADLINE_MS = 8_000;

describe("a host that is told to exit", () => {
  const servers = useStack();

  const lines = (count: number, from: number) =>
    Array.from({ length: count }, (_, n) => ({ value: `line ${from + n}` }));

  /** A host with one topic: 500 records indexed and committed, 500 waiting for an unreachable Elasticsearch. */
  async function hostWithRecordsInFlight(deadline: string) {
    const topic = uniqueName("exit");
    await servers.kafka.createTopic(topic, 2);
    await servers.kafka.produce(topic, lines(500, 0));
    const proxy = await startTcpProxy(servers.addresses.elasticsearchNode);
    const config = { ...servers.config, topics: [topic], shutdown: { deadline } };
    const host = await startTestHost({ ...config, elasticsearch: { nodes: [proxy.url] } });
    await host.untilIndexed(topic, 500);
    await host.untilCaughtUp(topic, 2);
    proxy.block();
    await servers.kafka.produce(topic, lines(500, 500));
    await eventually("the rest is in flight", async () => (await consumedOf(host, topic)) >= 1_000);
    return {
      topic,
      config,
      host,
      proxy,
      async [Symbol.asyncDispose]() {
        await host[Symbol.asyncDispose]();
        await proxy[Symbol.asyncDispose]();
      },
    };
  }

  test(
    "Elasticsearch unreachable: exits 1 within the deadline, and nothing is lost or doubled",
    () =>
      expectQuick(DEADLINE_MS, async () => {
        await using setting = await hostWithRecordsInFlight(`${DEADLINE_MS}ms`);
        const { topic, config, host } = setting;
        const startedAt = performance.now();
        expect(await host.stop()).toBe(1);
        const tookMs = performance.now() - startedAt;
        // Then the machine stood still, or the next try is late, too.
        if (tookMs >= DEADLINE_MS) return tookMs;
        expect(host.log().at(-1)).toMatchObject({ msg: "stopped", clean: false });
        const uncommitted = "some records stayed uncommitted and will be read again";
        expect(host.log().find(({ msg }) => msg === uncommitted)).toMatchObject({ topics: [topic] });

        await using again = await startTestHost(config);
        const { counts } = await again.untilCaughtUp(topic, 2);
        expect(counts.indexed + counts.duplicate).toBe(500);
        const found = await servers.elasticsearch.documents(topic);
        expect(new Set(found.map(({ _source }) => _source["message"])).size).toBe(1_000);
        expect(found).toHaveLength(1_000);
        return tookMs;
      }),
    720_000,
  );

  test(
    "a second signal exits at once",
    () =>
      expectQuick(1_000, async () => {
        await using setting = await hostWithRecordsInFlight("60s");
        const { host } = setting;
        host.signal("SIGTERM");
        await eventually("it is stopping", () => host.log().some(({ msg }) => msg === "the host stops"));
        const startedAt = performance.now();
        host.signal("SIGINT");
        expect(await host.exited).toBe(1);
        return performance.now() - startedAt;
      }),
    480_000,
  );

  test.each([1, 12])(
    "SIGTERM while %i topics are joining exits 0 quickly and leaves no member",
    (count) =>
      expectQuick(10_000, async () => {
        const topics = Array.from({ length: count }, () => uniqueName("joining"));
        await Promise.all(topics.map((topic) => servers.kafka.createTopic(topic)));
        // No member of another test delays this one or is left behind.
        const kafka = { ...servers.config.kafka, group: uniqueName("joining") };
        await using host = await startTestHost({ ...servers.config, kafka, topics });
        await host.untilTopic(topics[0] ?? "", "is starting", () => true);
        const startedAt = performance.now();
        expect(await host.stop()).toBe(0);
        const tookMs = performance.now() - startedAt;

        const { groups } = await servers.kafka.admin.describeGroups([kafka.group]);
        expect(groups.map(({ members }) => members.length)).toEqual([0]);
        return tookMs;
      }),
    480_000,
  );
});
