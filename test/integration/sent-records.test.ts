import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { startStack, type Stack } from "../../infra/stack/stack.ts";
import { createElasticsearch, type Elasticsearch } from "../../lib/adapters/elasticsearch/client.ts";
import { createSentRecords } from "../../lib/adapters/elasticsearch/sent/create-sent-records.ts";
import type { SentRecords } from "../../lib/adapters/elasticsearch/sent/sent-records.ts";
import { testElasticsearch, type TestElasticsearch } from "../support/elasticsearch.ts";
import { eventually } from "../support/eventually.ts";
import { uniqueName } from "../support/kafka.ts";
import { settings } from "../support/settings.ts";
import { testStack } from "../support/stack.ts";

const { signal } = new AbortController();

interface Server {
  readonly client: Elasticsearch;
  readonly sent: SentRecords;
  readonly direct: TestElasticsearch;
}

let eight: Stack;
const servers = new Map<string, Server>();

function connect(node: string): Server {
  const client = createElasticsearch({ ...settings().elasticsearch, nodes: [node], manageTemplates: false });
  return { client, sent: createSentRecords(client), direct: testElasticsearch(node) };
}

beforeAll(async () => {
  const [shared, older] = await Promise.all([
    testStack(),
    startStack({ kafka: false, etcd: false, elasticsearchVersion: "8.19.5" }),
  ]);
  eight = older;
  servers.set("9", connect(shared.elasticsearchNode));
  servers.set("8.19.5", connect(eight.elasticsearch.node));
}, 720_000);
afterAll(async () => {
  for (const { client } of servers.values()) await client.close();
  await eight?.stop();
});

describe.each(["9", "8.19.5"])("on Elasticsearch %s", (version) => {
  const server = (): Server => {
    const found = servers.get(version);
    if (found === undefined) throw new Error("not connected");
    return found;
  };
  const ask = async (method: string, path: string, body?: object) => {
    const answer = await server().direct.request(method, path, body);
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${JSON.stringify(answer.body)}`);
    return answer.body;
  };
  const create = (target: string, topic: string, partition: number, offset: number) =>
    ask("PUT", `/${target}/_create/${topic}:${partition}:${offset}`, {
      "@timestamp": 0,
      kafka: { topic, partition, offset },
    });

  test("a stream of two generations: its target, what it holds, and what only a refresh shows", async () => {
    const { sent } = server();
    const name = uniqueName("sent").toLowerCase();
    await ask("PUT", `/_index_template/${name}`, {
      index_patterns: [name],
      priority: 400,
      data_stream: {},
      // Elasticsearch guesses the fields: `kafka.topic` becomes text with a `keyword` subfield.
      template: { settings: { "index.refresh_interval": "-1" } },
    });
    await create(name, "App", 0, 3);
    const one = await sent.targets([name, `${name}-none`], signal);
    expect(one.get(name)).toMatchObject({ kind: "moving", writesTo: name });
    expect(one.get(`${name}-none`)).toEqual({ kind: "absent" });
    await ask("POST", `/${name}/_rollover`);
    await create(name, "App", 0, 5);
    await create(name, "App", 1, 9);
    await create(name, "Other", 0, 77);
    const two = (await sent.targets([name], signal)).get(name);
    expect(two?.kind === "moving" ? two.indices.length : 0).toBe(2);

    const question = {
      topic: "App",
      places: [name, `${name}-none`],
      spans: [0, 1, 2].map((partition) => ({ partition, start: 4, end: 9 })),
    };
    const ids = [3, 4, 5].map((offset) => `App:0:${offset}`);
    expect(await sent.highest([question], signal)).toEqual([new Map()]);
    expect(await sent.existing([name, `${name}-none`], ids, signal)).toEqual(new Set());
    await sent.refresh([name, `${name}-none`], signal);
    const none = { ...question, places: [`${name}-none`] };
    expect(await sent.highest([question, none], signal)).toEqual([new Map([[0, 5]]), new Map()]);
    expect(await sent.existing([name, `${name}-none`], ids, signal)).toEqual(new Set(["App:0:3", "App:0:5"]));
  });

  test("an alias with a write index, a single one, a day that is an alias, and a concrete index", async () => {
    const { sent } = server();
    const name = uniqueName("sent").toLowerCase();
    await ask("PUT", `/${name}-000001`, {
      aliases: { [name]: { is_write_index: true }, [`${name}-single`]: {}, [`${name}-2026.11.30`]: {} },
    });
    await ask("POST", `/${name}/_rollover`);
    const names = [name, `${name}-single`, `${name}-{yyyy.MM.dd}`, `${name}-000002`];
    const targets = await sent.targets(names, signal);
    expect(targets.get(name)).toEqual({
      kind: "moving",
      indices: [`${name}-000001`, `${name}-000002`],
      writesTo: `${name}-000002`,
    });
    expect(targets.get(`${name}-single`)).toMatchObject({ writesTo: `${name}-000001` });
    expect(targets.get(`${name}-{yyyy.MM.dd}`)).toMatchObject({ kind: "moving" });
    expect(targets.get(`${name}-000002`)).toEqual({ kind: "fixed" });
  });

  test("documents whose offsets are not mapped cannot be searched, which is told for their topic alone", async () => {
    const { sent } = server();
    const [good, bad] = [uniqueName("good").toLowerCase(), uniqueName("bad").toLowerCase()];
    await ask("PUT", `/${bad}`, {
      mappings: { properties: { kafka: { properties: { offset: { type: "text" } } } } },
    });
    await create(good, "App", 0, 5);
    await create(bad, "App", 0, 5);
    await sent.refresh([good, bad], signal);
    const of = (place: string) => ({
      topic: "App",
      places: [place],
      spans: [{ partition: 0, start: 0, end: 9 }],
    });
    const [first, second] = await sent.highest([of(bad), of(good)], signal);
    expect(first).toBeInstanceOf(Error);
    expect(second).toEqual(new Map([[0, 5]]));
  });

  test("a bulk request under way is seen by the name it writes to, until it is over", async () => {
    const { sent } = server();
    const name = uniqueName("sent").toLowerCase();
    // No shard, so a bulk waits for its timeout.
    await ask("PUT", `/${name}-000001?wait_for_active_shards=0`, {
      settings: { "index.routing.allocation.require._name": "none" },
      aliases: { [name]: { is_write_index: true } },
    });
    const [group] = [[name, `${name}-000001`]];
    const underWay = async () => (await sent.underWay([group ?? []], signal))[0]?.size ?? 0;
    expect(await underWay()).toBe(0);
    const bulk = server().direct.request("PUT", `/${name}/_doc/1?op_type=create&timeout=60s`, { a: 1 });
    await eventually("the bulk is under way", async () => (await underWay()) > 0);
    // Ends it. Other tests share the cluster, too, and some look at its health.
    await ask("DELETE", `/${name}-000001`);
    await bulk;
    await eventually("it is over", async () => (await underWay()) === 0);
  });
});
