import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createElasticsearch, type Elasticsearch } from "../../lib/adapters/elasticsearch/client.ts";
import { readHoldings } from "../../lib/adapters/elasticsearch/holdings/holdings.ts";
import type { Holdings } from "../../lib/rules/progress/holdings.ts";
import { diagnosed } from "../support/doctor-command.ts";
import { eventually } from "../support/eventually.ts";
import { startTestHost } from "../support/host.ts";
import { uniqueName } from "../support/kafka.ts";
import { settings } from "../support/settings.ts";
import { useStack } from "../support/stack-clients.ts";

const day = (number: number): number => Date.UTC(2026, 10, number);
const mappings = {
  properties: { "@timestamp": { type: "date" }, "kafka.topic": { type: "keyword" } },
};
const { signal } = new AbortController();

const servers = useStack();
let client: Elasticsearch;
/** What this file created: templates and indices by their beginning. */
const name = uniqueName("holds");

async function call(method: string, path: string, body?: object): Promise<void> {
  const answer = await servers.elasticsearch.request(method, path, body);
  if (answer.status >= 300) throw new Error(`${method} ${path}: ${JSON.stringify(answer.body)}`);
}

let written = 0;
/** Writes one document, searchable at once. */
const write = (index: string, ms: number, topic = "app") =>
  call("PUT", `/${index}/_create/${++written}?refresh=true`, { "@timestamp": ms, "kafka.topic": topic });

async function held(target: string, ...topics: string[]): Promise<Holdings> {
  const found = await readHoldings(client, new Map([[target, topics]]), signal);
  const { holdings } = found.get(target) ?? {};
  if (holdings === undefined) throw new Error(`nothing is said of ${target}`);
  return holdings;
}

beforeAll(async () => {
  client = createElasticsearch({
    ...settings().elasticsearch,
    nodes: [servers.addresses.elasticsearchNode],
  });
  await call("PUT", `/_index_template/${name}`, {
    index_patterns: [`${name}-stream*`],
    priority: 400,
    data_stream: {},
    template: { mappings, lifecycle: { enabled: true, data_retention: "30d" } },
  });
  await call("PUT", `/_index_template/${name}-indices`, {
    index_patterns: [`${name}-*`],
    priority: 300,
    template: { mappings },
  });
}, 240_000);
afterAll(async () => {
  await client.close();
  for (const kind of ["indices", "closed", "alias-1", "alias-2", "one", "days"])
    await servers.elasticsearch.request("DELETE", `/${name}-${kind}*?ignore_unavailable=true`);
  await servers.elasticsearch.request("DELETE", `/_index_template/${name}-indices`);
});

describe("what a target holds", () => {
  test("a data stream of three generations, with its retention", async () => {
    const stream = `${name}-stream`;
    await write(stream, day(3));
    expect(await held(stream)).toMatchObject({ kind: "data stream", generations: 1, documents: 1 });
    await call("POST", `/${stream}/_rollover`);
    await write(stream, day(1));
    await write(stream, day(5));
    await call("POST", `/${stream}/_rollover`);
    expect(await held(stream)).toEqual({
      kind: "data stream",
      generations: 3,
      documents: 3,
      bytes: expect.any(Number),
      from: day(1),
      to: day(5),
      retentionMs: 30 * 86_400_000,
      reason: null,
    });
    expect((await held(stream)).bytes).toBeGreaterThan(3_000);
  }, 240_000);

  test("an alias to two indices", async () => {
    const alias = `${name}-alias`;
    for (const [at, number] of [1, 2].entries()) {
      await write(`${alias}-${number}`, day(10 + at));
      await call("PUT", `/${alias}-${number}/_alias/${alias}`, { is_write_index: number === 2 });
    }
    expect(await held(alias)).toMatchObject({
      kind: "alias",
      generations: 2,
      documents: 2,
      from: day(10),
      to: day(11),
      retentionMs: null,
      reason: null,
    });
  }, 240_000);

  test("dated indices, without others of the same beginning, and with each topic's part", async () => {
    const dated = `${name}-indices-{yyyy.MM.dd}`;
    for (const number of [10, 11, 12])
      await write(`${name}-indices-2026.11.${number}`, day(number), number < 12 ? "app" : "web");
    await write(`${name}-indices-other`, day(1));
    await write(`${name}-indices-other-2026.11.01`, day(1));
    // An empty day tells no time.
    await call("PUT", `/${name}-indices-2026.11.13`);
    const topics = ["app", "web", "none"];
    const found = (await readHoldings(client, new Map([[dated, topics]]), signal)).get(dated);
    expect(found?.holdings).toMatchObject({
      kind: "dated indices",
      generations: 4,
      documents: 3,
      from: day(10),
      to: day(12),
      reason: null,
    });
    expect([...(found?.documentsOf ?? [])]).toEqual([
      ["app", 2],
      ["web", 1],
      ["none", 0],
    ]);
  }, 240_000);

  test("an index; one of several that is closed; and nothing", async () => {
    await write(`${name}-one`, day(2));
    expect(await held(`${name}-one`)).toMatchObject({ kind: "index", generations: 1, documents: 1 });

    const dated = `${name}-closed-{yyyy.MM.dd}`;
    for (const number of [1, 2]) await write(`${name}-closed-2026.11.0${number}`, day(number));
    await call("POST", `/${name}-closed-2026.11.01/_close`);
    expect(await held(dated)).toMatchObject({
      kind: "dated indices",
      generations: 2,
      documents: 2,
      from: day(2),
      to: day(2),
      reason: "1 of 2 indices is closed: from and to leave out their documents",
    });

    expect(await held(`${name}-nothing`)).toEqual({
      kind: "absent",
      generations: 0,
      documents: 0,
      bytes: 0,
      from: null,
      to: null,
      retentionMs: null,
      reason: null,
    });
  }, 240_000);

  test("a thousand targets take few requests", async () => {
    let requests = 0;
    const counting: Pick<Elasticsearch, "ask" | "askForText"> = {
      ask: (...question) => ((requests += 1), client.ask(...question)),
      askForText: (...question) => ((requests += 1), client.askForText(...question)),
    };
    const targets = new Map(Array.from({ length: 1_000 }, (_, n) => [`${name}-thousand-${n}`, ["app"]]));
    targets.set(`${name}-one`, ["app"]);
    const found = await readHoldings(counting, targets, signal);
    expect(found.size).toBe(1_001);
    expect(found.get(`${name}-one`)?.holdings.documents).toBe(1);
    expect(found.get(`${name}-thousand-7`)?.holdings.kind).toBe("absent");
    expect(requests).toBeLessThan(20);
  }, 240_000);
});

describe("doctor", () => {
  test("says what a stream holds, and that its topic is read later than it keeps", async () => {
    const topic = uniqueName("holds");
    const stream = `${name}-stream-doctor`;
    await servers.kafka.createTopic(topic);
    const now = Date.now();
    const lateMs = 40 * 86_400_000;
    await servers.kafka.produce(topic, [{ value: "late", timestamp: String(now - lateMs) }]);
    await write(stream, now);
    const config = { ...servers.config, http: { port: 0 }, topics: [{ topic, index: stream }] };
    const { find } = await diagnosed(config);
    expect(find(`target ${stream}`)?.seen).toMatch(
      /^a data stream that accepts documents: 1 generation, [\d.]+ KiB, 1 document from 20.* UTC, keeps 30 days$/,
    );
    expect(find(`late reading of ${topic}`)).toMatchObject({
      state: "warning",
      seen: `the oldest unread record is 40 days old, but ${stream} keeps only 30 days: documents of that time may be deleted already`,
    });

    // The host says so too, as long as it is not read: its target refuses every document.
    await call("PUT", `/${stream}/_settings`, { "index.blocks.write": true });
    await using host = await startTestHost(config);
    const { target } = await host.untilTopic(
      topic,
      "is warned of",
      (status) => (status.target?.warning ?? null) !== null,
    );
    expect(target).toMatchObject({ kind: "data stream", documents: 1, retentionMs: 30 * 86_400_000 });
    expect(target?.warning).toContain(`is 40 days old, but ${stream} keeps only 30 days`);

    await call("PUT", `/${stream}/_settings`, { "index.blocks.write": false });
    // What was indexed counts as read once it is committed.
    await host.untilTopic(
      topic,
      "is indexed, and no longer warned of",
      ({ counts, target: now }) => counts.indexed + counts.duplicate >= 1 && now?.warning === null,
    );
    await eventually(
      "doctor finds nothing",
      async () => (await diagnosed(config)).find("late reading")?.state === "ok",
    );
  }, 360_000);

  test("says that a late record belongs to a day whose index is gone; it is created again", async () => {
    const topic = uniqueName("holds");
    const [early, recent] = [day(10), day(20)];
    await servers.kafka.createTopic(topic);
    const send = (...times: readonly number[]) =>
      servers.kafka.produce(
        topic,
        times.map((ms) => ({ value: "a line", timestamp: String(ms) })),
      );
    await send(early, recent);
    const config = {
      ...servers.config,
      http: { port: 0 },
      topics: [{ topic, index: `${name}-days-{yyyy.MM.dd}` }],
    };
    {
      await using host = await startTestHost(config);
      // Only what was committed counts as read; the host is killed.
      await host.untilTopic(topic, "is committed", ({ partitions }) => partitions[0]?.committed === 2);
    }
    await call("POST", `/${name}-days-*/_refresh`);
    expect((await diagnosed(config)).find("late reading")?.state).toBe("ok");
    await call("DELETE", `/${name}-days-2026.11.10`);
    await send(early);
    expect((await diagnosed(config)).find(`late reading of ${topic}`)).toMatchObject({
      state: "warning",
      seen: `the oldest unread record belongs to ${name}-days-2026.11.10, but the earliest index with documents is ${name}-days-2026.11.20: if older ones were deleted, they are created again`,
    });
    await using host = await startTestHost(config);
    await host.untilIndexed(topic, 1);
    expect(await servers.elasticsearch.count(`${name}-days-2026.11.10`)).toBe(1);
  }, 360_000);
});
