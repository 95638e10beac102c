import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { startTestHost } from "../support/host.ts";
import { uniqueName } from "../support/kafka.ts";
import { reconcile, untilGone, untilRunning } from "../support/reload.ts";
import { connectStack, type StackClients } from "../support/stack-clients.ts";

let servers: StackClients;
beforeAll(async () => {
  servers = await connectStack();
});
afterAll(() => servers[Symbol.asyncDispose]());

describe.concurrent("declared in etcd", () => {
  test("a pattern's topics are excluded by globs, live, and told once (vector#7580, logstash-input-kafka#183)", async () => {
    const run = uniqueName("exclude");
    const [app, debug, trace] = [`${run}-app`, `${run}-debug-1`, `${run}-debug-2`];
    for (const topic of [app, debug, trace]) await servers.kafka.createTopic(topic, 1);
    const key = uniqueName("key");
    const pattern = `${run}-*`;
    const declare = (...entries: unknown[]) => servers.etcd.put(key).value(JSON.stringify(entries));
    await declare({ pattern, exclude: [`${run}-x`] });
    await using host = await startTestHost({
      ...servers.config,
      kafka: { ...servers.config.kafka, group: run },
      etcd: { endpoints: servers.addresses.etcdEndpoints, keys: [key] },
    });
    await untilRunning(host, app, debug, trace);

    const exclude = [`${run}-debug-*`];
    const preview = await host.fetch("/declarations?dryRun=true", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ action: "add", declaration: { pattern, exclude } }),
    });
    const reason = `no longer declared: pattern "${pattern}" excludes "${exclude[0]}"`;
    expect(await preview.json()).toMatchObject({
      plan: {
        stop: [
          { topic: debug, reason },
          { topic: trace, reason },
        ],
        keep: [{ topic: app }],
      },
      excluded: [
        {
          pattern,
          covered: 1,
          globs: [{ glob: exclude[0], topics: 2, first: [debug, trace] }],
        },
      ],
    });

    // Another declaration still names one of them.
    await declare({ pattern, exclude }, { topic: trace, format: "json" });
    await untilGone(host, debug);
    await host.untilTopic(trace, "has its own format", ({ spec }) => spec.format === "json");
    const { plan, conflicts, excluded } = await reconcile(host);
    expect(plan.keep.map(({ topic }) => topic).sort()).toEqual([app, trace]);
    expect(conflicts).toEqual([]);
    expect(excluded).toMatchObject([{ covered: 1, globs: [{ topics: 2 }] }]);
    const listing = (await (await host.fetch("/declarations")).json()) as {
      readonly etcd: { readonly keys: readonly { readonly entries: readonly unknown[] }[] };
    };
    expect(listing.etcd.keys[0]?.entries[0]).toMatchObject({
      target: { pattern },
      topics: 1,
      excluded: [{ glob: exclude[0], topics: 2 }],
    });
  });

  test("a key that ends in * is a prefix, watched and read like one; a key that two entries cover counts once", async () => {
    const run = uniqueName("collect_log");
    const [exact, one, two] = [`${run}_b`, `${run}_a`, `${run}_c`];
    const topics = [exact, one, two];
    for (const topic of topics) await servers.kafka.createTopic(topic, 1);
    const declare = (key: string, pipeline: string | null) =>
      servers.etcd.put(key).value(JSON.stringify([{ topic: key, pipeline }]));
    await declare(exact, null);
    await declare(one, null);
    await servers.etcd.put(run.slice(0, -1)).value('["not-below-it"]');
    await using host = await startTestHost({
      ...servers.config,
      kafka: { ...servers.config.kafka, group: run },
      etcd: { endpoints: servers.addresses.etcdEndpoints, keys: [exact, `${run}*`, one, `${run}_*`] },
    });
    await untilRunning(host, exact, one);
    expect((await host.topics()).map(({ topic }) => topic)).toEqual([one, exact]);
    const { sources } = await reconcile(host);
    expect(sources.etcd?.declarations).toBe(2);

    await declare(two, null);
    await untilRunning(host, two);
    const listing = (await (await host.fetch("/declarations")).json()) as {
      readonly etcd: { readonly keys: readonly object[]; readonly newKey: unknown };
    };
    expect(listing.etcd.keys).toMatchObject([
      { key: exact, exact: true },
      { key: one, exact: true },
      { key: two, exact: false },
    ]);
    await servers.etcd.delete().key(two);
    await untilGone(host, two);
  });
});
