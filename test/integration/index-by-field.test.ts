import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createElasticsearch, type Elasticsearch } from "../../lib/adapters/elasticsearch/client.ts";
import { readHoldings } from "../../lib/adapters/elasticsearch/holdings/holdings.ts";
import { askTakenNames } from "../../lib/adapters/elasticsearch/names/taken-names.ts";
import { runCommand } from "../support/command.ts";
import { eventually } from "../support/eventually.ts";
import { startTestHost } from "../support/host.ts";
import { uniqueName } from "../support/kafka.ts";
import { replayJson } from "../support/replay-command.ts";
import { settings } from "../support/settings.ts";
import { useStack } from "../support/stack-clients.ts";
import { startTcpProxy } from "../support/tcp-proxy.ts";

/** Indices that fields of the records choose: `logs-{app}`. Real servers. */
const stack = useStack();
let client: Elasticsearch;
beforeAll(async () => {
  client = createElasticsearch({ ...settings().elasticsearch, nodes: [stack.addresses.elasticsearchNode] });
});
afterAll(() => client.close());
const { signal } = new AbortController();

const DAY = Date.UTC(2026, 10, 30, 12);

/** One topic of its own, whose indices begin with its name. */
async function world(index: string, partitions = 1) {
  const { kafka, config, elasticsearch } = stack;
  const name = uniqueName("field").toLowerCase();
  const deadLetters = { topic: `${name}.dead-letters` };
  await kafka.createTopic(name, partitions);
  let written = 0;
  const declared = (node?: string) => ({
    ...config,
    deadLetters,
    kafka: { ...config.kafka, group: name },
    ...(node !== undefined && { elasticsearch: { nodes: [node] } }),
    topics: [{ topic: name, format: "json", index: `${name}-${index}` }],
  });
  return {
    name,
    declared,
    produce: async (values: readonly unknown[], timestamp = DAY): Promise<void> => {
      const messages = values.map((value, at) => ({
        value: typeof value === "string" ? value : JSON.stringify(value),
        partition: (written + at) % partitions,
        timestamp: String(timestamp),
      }));
      await kafka.produce(name, messages);
      written += values.length;
    },
    /** Each record has an outcome, whichever host got it. */
    isDone: () =>
      eventually(
        `${written} records are committed`,
        async () => {
          const committed = [...(await kafka.committed(name, name)).values()];
          return committed.reduce((sum, one) => sum + Math.max(one, 0), 0) === written;
        },
        60_000,
      ),
    /** How many documents each index has, without the topic's name. */
    held: async (): Promise<Readonly<Record<string, number>>> => {
      const counts: Record<string, number> = {};
      for (const { _index } of await elasticsearch.documents(`${name}-*`)) {
        const part = _index.slice(name.length + 1);
        counts[part] = (counts[part] ?? 0) + 1;
      }
      return counts;
    },
    /** Deletes the document of a record. */
    remove: async (
      where: string,
      is: (source: Readonly<Record<string, unknown>>) => boolean,
    ): Promise<void> => {
      const found = await elasticsearch.documents(`${name}-${where}`);
      for (const { _id, _index, _source } of found) {
        if (!is(_source)) continue;
        const path = `/${_index}/_doc/${encodeURIComponent(_id)}?refresh=true`;
        await elasticsearch.demand("DELETE", path);
      }
    },
    audit: async (...options: string[]) => {
      const { out } = await runCommand("audit", declared(), [name, "--json", ...options]);
      return JSON.parse(out) as { readonly topics: readonly Record<string, unknown>[] };
    },
  };
}

test.concurrent("values choose an index each, cleaned; those that cannot share one", async () => {
  const { declared, produce, isDone, held, name } = await world("{kubernetes.namespace}-{yyyy.MM.dd}");
  await produce([
    { kubernetes: { namespace: "Pay/Ments" }, message: "a" },
    { "kubernetes.namespace": "pay/ments" },
    { kubernetes: { namespace: 7 } },
    { kubernetes: { namespace: true } },
    { kubernetes: { namespace: { a: 1 } } },
    { kubernetes: { namespace: ["a"] } },
    { kubernetes: { namespace: "" } },
    { kubernetes: null },
    "no JSON",
  ]);
  await using host = await startTestHost(declared());
  await isDone();
  const target = `${name}-{kubernetes.namespace}-{yyyy.MM.dd}`;
  expect(await held()).toEqual({
    "pay_ments-2026.11.30": 2,
    "7-2026.11.30": 1,
    "true-2026.11.30": 1,
    "other-2026.11.30": 5,
  });
  const holdings = await readHoldings(client, new Map([[target, [name]]]), signal);
  expect(holdings.get(target)?.holdings).toMatchObject({
    kind: "indices by field",
    generations: 4,
    documents: 9,
    from: DAY,
    to: DAY,
  });
  const found = await host.answer(`/logs?topic=${name}&from=2026-11-30T00:00:00Z&to=2026-12-01T00:00:00Z`);
  expect(await found.json()).toMatchObject({ total: { value: 9 } });
}, 480_000);

describe("a bound of three indices", () => {
  test.concurrent("holds although two hosts read new values at once, one of which is killed unheard", async () => {
    const { declared, produce, isDone, held, name } = await world("{app:3}", 4);
    await using proxy = await startTcpProxy(stack.addresses.elasticsearchNode);
    const values = () => Array.from({ length: 400 }, (_, at) => ({ app: `app-${at % 8}`, at }));
    await using first = await startTestHost(declared(proxy.url));
    await using _second = await startTestHost(declared());
    await produce(values());
    await isDone();
    const before = await held();
    // Written, but the host that is killed never hears of it.
    proxy.block("answers");
    await produce(values());
    await eventually("documents of the host that is not told", async () => {
      const documents = await stack.elasticsearch.documents(`${name}-*`);
      return documents.length === 800;
    });
    first.signal("SIGKILL");
    await first.exited;
    await using _third = await startTestHost(declared());
    await produce(values());
    await isDone();
    const after = await held();
    expect(Object.keys(before)).toHaveLength(4);
    expect(before["other"]).toBe(250);
    expect(after).toEqual(Object.fromEntries(Object.entries(before).map(([part, n]) => [part, 3 * n])));
    const documents = await stack.elasticsearch.documents(`${name}-*`);
    expect(new Set(documents.map(({ _id }) => _id)).size).toBe(1_200);
    const indicesOf = Map.groupBy(documents, ({ _source }) => String(_source["app"]));
    for (const [, some] of indicesOf) expect(new Set(some.map(({ _index }) => _index)).size).toBe(1);
  }, 480_000);

  test.concurrent("may be raised, also over a crash: what has an index keeps it, others get one", async () => {
    const { declared, produce, isDone, held, name } = await world("{app:1}");
    await using proxy = await startTcpProxy(stack.addresses.elasticsearchNode);
    const raised = declared();
    {
      await using host = await startTestHost(declared(proxy.url));
      await produce([{ app: "a" }, { app: "b" }]);
      await isDone();
      proxy.block("answers");
      await produce([{ app: "b" }]);
      await eventually("a document that the host is not told of", async () => {
        const documents = await stack.elasticsearch.documents(`${name}-*`);
        return documents.length === 3;
      });
      host.signal("SIGKILL");
      await host.exited;
    }
    for (const topic of raised.topics) topic.index = topic.index.replace(":1}", ":2}");
    await using host = await startTestHost(raised);
    await isDone();
    await produce([{ app: "c" }, { app: "b" }, { app: "a" }]);
    await isDone();
    expect(await held()).toEqual({ a: 2, other: 3, c: 1 });
    expect(host.log().map(({ msg }) => msg)).toContain(
      "a topic has as many indices as its bound allows: other values go to one index",
    );
  }, 480_000);

  test.concurrent("is never exceeded by many hosts at once, which all get the same answers", async () => {
    const topic = uniqueName("lists");
    const ask = (names: readonly string[]) =>
      askTakenNames(
        client,
        { topic, template: "l-{a}", day: "", names, fallback: "l-other", limit: 5 },
        signal,
      );
    const asked = Array.from({ length: 12 }, (_, host) => [`l-${host}`, `l-${(host + 1) % 12}`]);
    await Promise.all(asked.map(ask));
    const { names, isFull } = await ask([]);
    expect([names.length, isFull, names.includes("l-other")]).toEqual([6, true, true]);
  }, 480_000);
});

test.concurrent("an index that is closed, or an alias that takes no writes, makes dead letters that name it; a replay brings them back there", async () => {
  const { declared, produce, isDone, held, name } = await world("{app}-{yyyy.MM.dd}");
  await using _host = await startTestHost(declared());
  await produce([{ app: "a" }, { app: "b" }]);
  await isDone();
  const index = `/${name}-a-2026.11.30`;
  const alias = `/${name}-*-2026.11.30/_alias/${name}-all-2026.11.30`;
  await stack.elasticsearch.demand("PUT", alias);
  await stack.elasticsearch.request("POST", `${index}/_close`);
  await produce([
    { app: "a", at: 2 },
    { app: "all", at: 2 },
    { app: "b", at: 2 },
  ]);
  await isDone();
  await stack.elasticsearch.request("POST", `${index}/_open?wait_for_active_shards=1`);
  await stack.elasticsearch.demand("DELETE", alias);
  expect(await held()).toEqual({ "a-2026.11.30": 1, "b-2026.11.30": 2 });
  expect((await replayJson(declared())).result).toMatchObject({
    indexed: 2,
    byIndex: [
      { index: `${name}-a-2026.11.30`, letters: 1, elsewhere: false },
      { index: `${name}-all-2026.11.30`, letters: 1, elsewhere: false },
    ],
  });
  expect(await held()).toEqual({ "a-2026.11.30": 2, "all-2026.11.30": 1, "b-2026.11.30": 2 });
}, 480_000);

test.concurrent("the audit knows where each record belongs, and repairs it there", async () => {
  const { declared, produce, isDone, held, audit, remove, name } = await world("{app:2}-{yyyy.MM.dd}");
  {
    await using _host = await startTestHost(declared());
    await produce(["a", "b", "c", "c", "d"].map((app, at) => ({ app, at })));
    await produce([{ app: "a" }], DAY - 86_400_000);
    await isDone();
  }
  const whole = { "a-2026.11.30": 1, "b-2026.11.30": 1, "other-2026.11.30": 3, "a-2026.11.29": 1 };
  expect(await held()).toEqual(whole);
  const { out } = await runCommand("topics", declared(), ["try", name, "--json"]);
  const tried = JSON.parse(out) as { readonly records: readonly { readonly index: string }[] };
  expect(tried.records.map(({ index }) => index.slice(name.length + 1)).sort()).toEqual(
    Object.entries(whole)
      .flatMap(([part, records]) => Array.from({ length: records }, () => part))
      .sort(),
  );
  await remove("a-2026.11.30", () => true);
  await remove("other-2026.11.30", ({ app }) => app === "d");
  await stack.elasticsearch.request("DELETE", `/${name}-a-2026.11.29`);
  const [found] = (await audit()).topics;
  expect(JSON.stringify(found)).toContain(`${name}-a-2026.11.29`);
  await audit("--repair");
  expect(await held()).toEqual({ "a-2026.11.30": 1, "b-2026.11.30": 1, "other-2026.11.30": 3 });
}, 360_000);
