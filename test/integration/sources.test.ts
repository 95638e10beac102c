import { describe, expect, test } from "bun:test";
import { startTestHost } from "../support/host.ts";
import { uniqueName } from "../support/kafka.ts";
import { disturbedIn, reconcile, untilGone, untilRunning } from "../support/reload.ts";
import { useStack } from "../support/stack-clients.ts";

const servers = useStack();

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
  }, 240_000);

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
  }, 240_000);

  test("one topic by several machines, whose headers say where a record is from; paths restart nothing", async () => {
    const run = uniqueName("machines");
    const topic = run;
    await servers.kafka.createTopic(topic, 1);
    const declare = (machine: string, path: string) =>
      servers.etcd.put(`${run}_log_${machine}`).value(JSON.stringify([{ topic, path, format: "json" }]));
    await declare("10.0.0.1", "/var/log/a.log");
    await using host = await startTestHost({
      ...servers.config,
      kafka: { ...servers.config.kafka, group: run },
      etcd: { endpoints: servers.addresses.etcdEndpoints, keys: [`${run}_log_*`] },
    });
    let moved = 0;
    const move = async (value: object, headers: Record<string, string> = {}) => {
      await servers.kafka.produce(topic, [{ value: JSON.stringify(value), headers }]);
      moved += 1;
      await host.untilIndexed(topic, moved);
    };
    const untilPath = (path: string | null) =>
      host.untilTopic(topic, `has the path ${path}`, ({ spec }) => spec.path === path);
    await untilRunning(host, topic);
    await move({ n: 1 });

    await declare("10.0.0.2", "/var/log/b.log");
    await untilPath(null);
    await move({ n: 2 });
    await move(
      { n: 3, host: { name: "in-a-container", ip: "::1" } },
      { "host.name": "web-3", "log.file.path": "/c" },
    );
    const { conflicts, plan } = await reconcile(host);
    expect([conflicts, plan.keep]).toEqual([[], [{ topic, reason: null }]]);

    // The first key's path alone changes, and then says what the second does.
    await declare("10.0.0.1", "/var/log/b.log");
    await untilPath("/var/log/b.log");
    await move({ n: 4, host: "x" });
    const documents = await servers.elasticsearch.documents(topic);
    const byNumber = documents.toSorted((a, b) => Number(a._source["n"]) - Number(b._source["n"]));
    const own = byNumber.map(({ _source: { log, host, json } }) => ({ log, host, json }));
    expect(own).toEqual([
      { log: { file: { path: "/var/log/a.log" } }, host: undefined, json: undefined },
      { log: undefined, host: undefined, json: undefined },
      {
        log: { file: { path: "/c" } },
        host: { name: "web-3", ip: "::1" },
        json: { "host.name": "in-a-container" },
      },
      { log: { file: { path: "/var/log/b.log" } }, host: "x", json: undefined },
    ]);
    expect(disturbedIn(host)).toEqual([]);

    const { body } = await servers.elasticsearch.request("GET", `/${topic}/_mapping/field/host.name`);
    expect(body).toMatchObject({
      [topic]: { mappings: { "host.name": { mapping: { "host.name": { type: "keyword" } } } } },
    });
    const q = encodeURIComponent("web-3");
    const found = (await (await host.answer(`/logs?topic=${topic}&q=${q}`)).json()) as {
      readonly hits: unknown[];
    };
    expect(found.hits).toHaveLength(1);
  }, 240_000);

  test("headers that an index refuses cost no record: they give way last", async () => {
    const run = uniqueName("strict");
    const topics = [`${run}-strict`, `${run}-text`];
    const properties = {
      "@timestamp": { type: "date" },
      message: { type: "text" },
      kafka: { type: "object", enabled: false },
      tags: { type: "keyword" },
    };
    for (const topic of topics) {
      await servers.kafka.createTopic(topic, 1);
      const own = topic === topics[0] ? {} : { host: { type: "keyword" } };
      await servers.elasticsearch.request("PUT", `/${topic}`, {
        mappings: { dynamic: "strict", subobjects: true, properties: { ...properties, ...own } },
      });
      const headers = { "host.name": "web-1", "log.file.path": "/a" };
      await servers.kafka.produce(topic, [{ value: "line", headers }]);
    }
    await using host = await startTestHost({
      ...servers.config,
      kafka: { ...servers.config.kafka, group: run },
      topics: topics.map((topic) => ({ topic })),
    });
    for (const topic of topics) {
      await host.untilIndexed(topic, 1);
      await servers.elasticsearch.request("POST", `/${topic}/_refresh`);
      const { body } = await servers.elasticsearch.request("GET", `/${topic}/_search`);
      const source = {
        message: "line",
        kafka: { headers: { "host.name": "web-1" } },
        tags: ["fields_as_text"],
      };
      expect(body).toMatchObject({ hits: { hits: [{ _source: source }] } });
    }
  }, 240_000);
});
