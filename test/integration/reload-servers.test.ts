import { describe, expect, test } from "bun:test";
import { freePort } from "../support/etcd-server.ts";
import { eventually } from "../support/eventually.ts";
import { startTestHost, type TestHost } from "../support/host.ts";
import { uniqueName } from "../support/kafka.ts";
import {
  disturbedIn,
  expectEachOffsetOnce,
  expectSameMembers,
  memberIds,
  reconcile,
  untilReady,
  untilRunning,
} from "../support/reload.ts";
import { useStack } from "../support/stack-clients.ts";
import { produceSteadily, type SteadyProducer } from "../support/steady-producer.ts";

const servers = useStack();

/** Topics that receive records all the time. */
async function busyTopics(count: number): Promise<{ topics: string[]; producers: SteadyProducer[] }> {
  const topics = Array.from({ length: count }, () => uniqueName("busy"));
  for (const topic of topics) await servers.kafka.createTopic(topic, 2);
  return { topics, producers: topics.map((topic) => produceSteadily(servers.kafka, topic)) };
}

async function endWith(
  host: TestHost,
  { topics, producers }: { topics: readonly string[]; producers: readonly SteadyProducer[] },
): Promise<void> {
  // Records must arrive after the change, too.
  const sentBefore = producers.map(({ sent }) => sent);
  await eventually("every producer went on", () =>
    producers.every(({ sent }, position) => sent >= (sentBefore[position] ?? 0) + 200),
  );
  await Promise.all(producers.map((producer) => producer.stop()));
  for (const topic of topics) await expectEachOffsetOnce(servers, [topic], topic);
  await untilReady(host, true, "config");
}

const onLocalhost = (address: string): string => address.replace("127.0.0.1", "localhost");

test("other kafka.brokers: the host leaves its group and rejoins it through them, and nothing is lost or doubled", async () => {
  const busy = await busyTopics(4);
  const config = { ...servers.config, topics: busy.topics };
  await using host = await startTestHost(config);
  await untilRunning(host, ...busy.topics);
  const before = await memberIds(servers);

  const { kafka } = servers.config;
  await host.writeConfig({ ...config, kafka: { ...kafka, brokers: kafka.brokers.map(onLocalhost) } });
  await eventually("another member has joined", async () => {
    const after = await memberIds(servers);
    return after.length === 1 && after[0] !== before[0];
  });
  await untilRunning(host, ...busy.topics);
  await endWith(host, busy);
}, 360_000);

test("other elasticsearch.nodes: the client is replaced under the running consumers", async () => {
  let bulks = 0;
  const [node = ""] = servers.config.elasticsearch.nodes;
  using proxy = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    async fetch(request) {
      const { pathname, search } = new URL(request.url);
      if (pathname === "/_bulk") bulks += 1;
      const { method, headers } = request;
      const body = method === "GET" || method === "HEAD" ? null : await request.arrayBuffer();
      return fetch(new URL(pathname + search, node), { method, headers, body });
    },
  });
  const busy = await busyTopics(3);
  const config = { ...servers.config, topics: busy.topics };
  await using host = await startTestHost(config);
  await untilRunning(host, ...busy.topics);
  const before = await memberIds(servers);

  await host.writeConfig({ ...config, elasticsearch: { nodes: [`http://localhost:${proxy.port}`] } });
  await eventually("bulks go through the new node", () => bulks > 20);
  await endWith(host, busy);
  await expectSameMembers(servers, before, host);
  expect(disturbedIn(host)).toEqual([]);
}, 240_000);

describe("settings that do not work are refused:", () => {
  test.each<[string, RegExp, (closedPort: number) => object]>([
    [
      "kafka.brokers",
      /new kafka settings do not work, so the old ones stay/,
      (port) => ({ kafka: { ...servers.config.kafka, brokers: [`127.0.0.1:${port}`] } }),
    ],
    [
      "elasticsearch.nodes",
      /new elasticsearch settings do not work, so the old ones stay/,
      (port) => ({ elasticsearch: { nodes: [`http://127.0.0.1:${port}`] } }),
    ],
  ])(
    "%s",
    async (_name, why, broken) => {
      const busy = await busyTopics(1);
      const added = uniqueName("added");
      await servers.kafka.createTopic(added, 1);
      const config = { ...servers.config, topics: busy.topics };
      await using host = await startTestHost(config);
      await untilRunning(host, ...busy.topics);

      const withMore = { ...config, topics: [...busy.topics, added] };
      await host.writeConfig({ ...withMore, ...broken(await freePort()) });
      // The file's other changes apply.
      await untilRunning(host, added);
      expect(await untilReady(host, false, "config")).toMatch(why);
      const { sources, plan } = await reconcile(host);
      expect(sources.config).toMatchObject({ ok: false, error: expect.stringMatching(why) });
      expect(plan.refused).toMatchObject([{ reason: expect.stringMatching(why) }]);
      expect(plan.keep).toHaveLength(2);

      await host.writeConfig(withMore);
      await endWith(host, busy);
      expect(disturbedIn(host)).toEqual([]);
    },
    360_000,
  );
});

test("http.port and kafka.group need a restart: changes to them are refused, and other changes apply", async () => {
  const [topic, added] = [uniqueName("fixed"), uniqueName("added")];
  for (const name of [topic, added]) await servers.kafka.createTopic(name, 1);
  const config = { ...servers.config, topics: [topic] };
  await using host = await startTestHost(config);
  await untilRunning(host, topic);
  const port = await freePort();
  await host.writeConfig({
    ...config,
    http: { port },
    kafka: { ...servers.config.kafka, group: "other" },
    topics: [topic, added],
  });
  await untilRunning(host, added);
  // Settings are read once the file stopped changing.
  await untilReady(host, false, "config");

  const { sources, plan } = await reconcile(host);
  const reasons = plan.refused.map(({ reason }) => reason);
  expect(reasons).toEqual([
    `http.port cannot change while running: 0 is kept, ${port} needs a restart`,
    `kafka.group cannot change while running: "${servers.config.kafka.group}" is kept, "other" needs a restart`,
  ]);
  expect(sources.config.error).toBe(reasons.join("; "));
  expect(await untilReady(host, false, "config")).toBe(reasons.join("; "));
  expect(await memberIds(servers)).toHaveLength(1);

  await host.writeConfig({ ...config, topics: [topic, added] });
  expect(await untilReady(host, true, "config")).toBeNull();
}, 240_000);
