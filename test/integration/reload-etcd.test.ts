import { describe, expect, test } from "bun:test";
import { Etcd3 } from "etcd3";
import { createEtcdServer, type EtcdServer } from "../support/etcd-server.ts";
import { eventually } from "../support/eventually.ts";
import { startTestHost, type TestHost } from "../support/host.ts";
import { uniqueName } from "../support/kafka.ts";
import { reconcile, untilGone, untilReady, untilRunning } from "../support/reload.ts";
import { useStack } from "../support/stack-clients.ts";

const servers = useStack();

/** New topics in Kafka, one partition and one record each. */
async function topicsInKafka(count: number): Promise<string[]> {
  const topics = Array.from({ length: count }, () => uniqueName("etcd"));
  for (const topic of topics) {
    await servers.kafka.createTopic(topic, 1);
    await servers.kafka.produce(topic, [{ value: "one" }]);
  }
  return topics;
}

async function declare(etcd: Etcd3, key: string, ...topics: string[]): Promise<void> {
  await etcd.put(key).value(JSON.stringify(topics.map((topic) => ({ topic }))));
}

async function topicsOf(host: TestHost): Promise<string[]> {
  return (await host.topics()).map(({ topic }) => topic);
}

test("the list of keys changes in the file while running", async () => {
  const [one = "", two = ""] = await topicsInKafka(2);
  const [first, second] = [uniqueName("key"), uniqueName("key")];
  await declare(servers.etcd, first, one);
  await declare(servers.etcd, second, two);
  const config = (...keys: string[]) => ({
    ...servers.config,
    etcd: { endpoints: servers.addresses.etcdEndpoints, keys },
  });
  await using host = await startTestHost(config(first));
  await untilRunning(host, one);

  await host.writeConfig(config(second));
  await Promise.all([untilRunning(host, two), untilGone(host, one)]);
  await host.writeConfig(config(second, first));
  await untilRunning(host, one);
  expect(await topicsOf(host)).toEqual([one, two].sort());

  // The key that was removed for a while is watched again.
  await declare(servers.etcd, first);
  await untilGone(host, one);
}, 240_000);

test("other endpoints in the file lead to another etcd, and only there; without the section etcd is not read", async () => {
  const [here = "", there = "", later = "", late = "", inFile = ""] = await topicsInKafka(5);
  const key = uniqueName("key");
  await using server = await createEtcdServer();
  await server.start();
  const other = new Etcd3({ hosts: server.endpoint });
  try {
    await declare(servers.etcd, key, here);
    await declare(other, key, there);
    const config = { ...servers.config, topics: [inFile] };
    await using host = await startTestHost({
      ...config,
      etcd: { endpoints: servers.addresses.etcdEndpoints, keys: [key] },
    });
    await untilRunning(host, here, inFile);

    await host.writeConfig({ ...config, etcd: { endpoints: [server.endpoint], keys: [key] } });
    await Promise.all([untilRunning(host, there), untilGone(host, here)]);
    await untilReady(host, true, "etcd");
    await declare(servers.etcd, key, here, late);
    await declare(other, key, there, later);
    await untilRunning(host, later);
    expect(await topicsOf(host)).toEqual([inFile, there, later].sort());

    await host.writeConfig(config);
    await Promise.all([untilGone(host, there), untilGone(host, later)]);
    expect(await topicsOf(host)).toEqual([inFile]);
    expect((await reconcile(host)).sources.etcd).toBeNull();
    await server.kill();
    expect(await untilReady(host, true, "etcd")).toBeNull();
  } finally {
    other.close();
  }
}, 240_000);

describe("an etcd with a changed history is not trusted until an operator confirms it:", () => {
  test.each<[string, RegExp, (server: EtcdServer) => Promise<EtcdServer>]>([
    [
      "its revision went back",
      /revision went back/,
      async (server) => {
        await server.kill();
        await server.wipe();
        await server.start();
        return server;
      },
    ],
    [
      "another cluster at the same endpoint",
      /a different cluster/,
      async (server) => {
        await server.kill();
        const other = await createEtcdServer({ at: server.endpoint });
        await other.start();
        return other;
      },
    ],
  ])(
    "%s",
    async (_name, why, replace) => {
      const [lastGood = "", inFile = "", added = ""] = await topicsInKafka(3);
      const key = uniqueName("key");
      await using server = await createEtcdServer();
      await server.start();
      const etcd = new Etcd3({ hosts: server.endpoint });
      try {
        // Some history, so that an etcd that starts over is behind it.
        for (let revision = 0; revision < 10; revision += 1) await declare(etcd, key, lastGood);
        const config = { ...servers.config, etcd: { endpoints: [server.endpoint], keys: [key] } };
        await using host = await startTestHost(config);
        await untilRunning(host, lastGood);

        await using replaced = await replace(server);
        expect(replaced.endpoint).toBe(server.endpoint);
        await declare(etcd, key, added);
        // The host may still wait to connect again.
        const { sources, plan } = await eventually("it is read", async () => {
          const answer = await reconcile(host);
          return why.test(answer.sources.etcd?.error ?? "") ? answer : null;
        });
        expect(sources.etcd).toMatchObject({ ok: false, declarations: 1 });
        expect(plan.refused).toMatchObject([{ lastGoodKept: true, reason: expect.stringMatching(why) }]);
        expect(await untilReady(host, false, "etcd")).toMatch(why);
        // The file still applies, and running topics continue.
        await host.writeConfig({ ...config, topics: [inFile] });
        await untilRunning(host, inFile);
        await servers.kafka.produce(lastGood, [{ value: "two" }]);
        await host.untilIndexed(lastGood, 2);
        const dry = await reconcile(host, "?accept=etcd&dryRun=true");
        expect(dry.plan.stop).toMatchObject([{ topic: lastGood }]);
        expect(await topicsOf(host)).toEqual([lastGood, inFile].sort());

        await reconcile(host, "?accept=etcd");
        await Promise.all([untilRunning(host, added), untilGone(host, lastGood)]);
        await untilReady(host, true, "etcd");
        await declare(etcd, key);
        await untilGone(host, added);
      } finally {
        etcd.close();
      }
    },
    240_000,
  );
});
