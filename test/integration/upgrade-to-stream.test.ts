import { describe, expect, test } from "bun:test";
import { audit } from "../support/faults/audit.ts";
import { eventually } from "../support/eventually.ts";
import { startTestHost, type TestHost } from "../support/host.ts";
import { whereAre } from "../support/in-flight.ts";
import { uniqueName } from "../support/kafka.ts";
import { untilCommitted } from "../support/reload.ts";
import { useStack } from "../support/stack-clients.ts";

const run = uniqueName("upgrade");

/** How a topic is declared again while its host runs. */
interface Way {
  /** What names the source in a host's config. */
  readonly config: (declared: object) => object;
  readonly declare: (declared: object, host: TestHost) => Promise<void>;
}

describe("a topic moves from dated indices to a data stream while records flow", () => {
  const servers = useStack();

  async function move(name: string, way: (base: object) => Way, isKilled: boolean): Promise<void> {
    const { kafka, elasticsearch } = servers;
    const topic = `${run}-${name}`;
    const stream = `logs-${name.replaceAll("-", "_")}-${run.replaceAll("-", "_")}`;
    const dated = { topic, index: `${topic}-{yyyy.MM.dd}` };
    const streaming = { topic, dataStream: stream, retention: "30d" };
    const base = {
      ...servers.config,
      kafka: { ...servers.config.kafka, group: topic },
      deadLetters: { topic: `${topic}.dead` },
    };
    const { config, declare } = way(base);
    await kafka.createTopic(topic, 2);
    let flowing = true;
    let sent = 0;
    const flow = (async () => {
      while (flowing) {
        await kafka.produce(
          topic,
          Array.from({ length: 100 }, (_, n) => ({ value: `line ${n}`, partition: n % 2 })),
        );
        sent += 100;
        await Bun.sleep(50);
      }
    })();
    let host = await startTestHost(config(dated));
    try {
      const hasIndexed = (count: number) =>
        host.untilTopic(topic, `has indexed ${count}`, ({ counts }) => counts.indexed >= count);
      await hasIndexed(500);
      await declare(streaming, host);
      if (isKilled) {
        await Bun.sleep(100 + Math.random() * 400);
        host.signal("SIGKILL");
        await host.exited;
        await host[Symbol.asyncDispose]();
        host = await startTestHost(config(streaming));
      }
      await eventually(
        "the stream has records",
        async () => (await elasticsearch.count(stream)) >= 500,
        60_000,
      );
      flowing = false;
      await flow;
      await untilCommitted({ ...servers, config: base }, [topic], 60_000);
      expect(await host.stop()).toBe(0);
    } finally {
      flowing = false;
      await flow;
      await host[Symbol.asyncDispose]();
    }
    const { indicesOf, doubled, missing } = await whereAre(
      servers,
      topic,
      `${topic}-*,${stream}`,
      new Map<number, number>(),
    );
    expect({
      doubled: doubled.length,
      missing: missing.others.length,
      records: indicesOf.size,
    }).toEqual({
      doubled: 0,
      missing: 0,
      records: sent,
    });
    const [oldOnes, newOnes] = [await elasticsearch.count(`${topic}-*`), await elasticsearch.count(stream)];
    expect(oldOnes).toBeGreaterThanOrEqual(500);
    expect(newOnes).toBeGreaterThanOrEqual(500);
    expect(await audit({ ...base, topics: [streaming] })).toEqual({ code: 0, gaps: 0, doubles: 0 });
  }

  const byFile = (base: object): Way => {
    const config = (declared: object): object => ({ ...base, topics: [declared] });
    return { config, declare: (declared, host) => host.writeConfig(config(declared)) };
  };

  test.concurrent("by an edit of the config file", () => move("file", byFile, false), 720_000);
  test.concurrent(
    "by an edit of the config file, and the host is killed",
    () => move("killed", byFile, true),
    720_000,
  );

  test.concurrent("by etcd", async () => {
    const { etcd } = servers;
    const key = `${run}/declared`;
    try {
      const put = async (declared: object): Promise<void> =>
        void (await etcd.put(key).value(JSON.stringify([declared])));
      await put({ topic: `${run}-etcd`, index: `${run}-etcd-{yyyy.MM.dd}` });
      const config = (base: object): object => ({
        ...base,
        etcd: { endpoints: servers.addresses.etcdEndpoints, keys: [key] },
        topics: [],
      });
      await move("etcd", (base) => ({ config: () => config(base), declare: put }), false);
    } finally {
      await etcd.delete().key(key);
    }
  }, 720_000);
});
