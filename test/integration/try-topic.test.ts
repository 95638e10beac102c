import { beforeAll, describe, expect, test } from "bun:test";
import type { TriedAnswer } from "../../infra/api/declarations.ts";
import { createElasticsearch } from "../../lib/adapters/elasticsearch/client.ts";
import { createScratchIndices } from "../../lib/adapters/elasticsearch/trial/scratch-indices.ts";
import { scratchPattern } from "../../lib/rules/trial/scratch-index.ts";
import type { OutcomeCounts } from "../../lib/rules/progress/status.ts";
import { strictIndex } from "../support/elasticsearch.ts";
import { eventually } from "../support/eventually.ts";
import { newFolder } from "../support/folder.ts";
import { startTestHost } from "../support/host.ts";
import { uniqueName } from "../support/kafka.ts";
import { settings } from "../support/settings.ts";
import { useStack } from "../support/stack-clients.ts";
import { runTry, tryJson } from "../support/try-command.ts";

const servers = useStack();
const run = uniqueName("tried");
const topic = `${run}-topic`;
const strict = `${run}-strict`;
const time = (second: number) => new Date(Date.UTC(2026, 10, 30, 10, 0, second)).toISOString();
const long = "12345678901234567890123";

/** Of many shapes; what becomes of each is compared with what a host makes of it. */
const values = [
  ...Array.from({ length: 12 }, (_, n) =>
    JSON.stringify({ time: time(n), level: "warn", n, message: `line ${n}` }),
  ),
  JSON.stringify({ time: "garbage", n: 12 }),
  JSON.stringify({ n: 13, level: "error" }),
  JSON.stringify({ time: time(14), n: { not: "a number" } }),
  `{"time":"${time(15)}","digits":${long}}`,
  JSON.stringify({ time: time(16), message: "drop me" }),
  JSON.stringify({ time: time(17), message: "fail me" }),
  JSON.stringify({ time: time(18), message: "grok me" }),
  JSON.stringify({ time: time(19), message: "reroute me" }),
  "no json",
  null,
];

const messages = values.map((value, n) => ({ value, key: `k${n}` }));

beforeAll(async () => {
  const { kafka, elasticsearch } = servers;
  await kafka.createTopic(topic, 2);
  await kafka.createTopic(`${run}-empty`);
  await kafka.produce(topic, messages);
  await elasticsearch.request(
    "PUT",
    `/${strict}`,
    strictIndex({ n: { type: "long" }, digits: { type: "keyword" }, "kafka.topic": { type: "keyword" } }),
  );
  await elasticsearch.demand("PUT", `/_ingest/pipeline/${run}`, {
    processors: [
      { set: { field: "added", value: "by the pipeline" } },
      { drop: { contains: "drop me" } },
      { fail: { contains: "fail me", message: "it was told to" } },
      { grokmiss: { contains: "grok me" } },
      { reroute: { contains: "reroute me", destination: `${run}-elsewhere` } },
    ],
  });
}, 240_000);

const config = () => ({ ...servers.config, topics: [] as object[] });
const own = ["--format", "json", "--timestamp", "time"];
/** Scratch indices that exist now, also of other runs. */
const scratches = async (): Promise<string[]> => {
  const path = `/${scratchPattern}?expand_wildcards=all&filter_path=*.settings.index.uuid`;
  return Object.keys((await servers.elasticsearch.request("GET", path)).body);
};
const exists = async (index: string) =>
  (await servers.elasticsearch.request("GET", `/${index}`)).status === 200;

test("what a trial says is what then happens, whatever the mapping and the pipeline do", async () => {
  const { elasticsearch } = servers;
  const timed = { format: "json", timestamp: "time" };
  const declared = [
    { ...timed, topic: `${topic}-1`, index: strict },
    { ...timed, topic: `${topic}-2`, index: `${strict}-2`, rejected: "dead-letter" },
    { ...timed, topic: `${topic}-3`, index: `${run}-piped`, pipeline: run },
  ];
  for (const one of declared) {
    await servers.kafka.createTopic(one.topic, 2);
    await servers.kafka.produce(one.topic, messages);
  }
  await elasticsearch.request("PUT", `/${strict}-2`, strictIndex({ n: { type: "long" } }));
  const all = { ...servers.config, topics: declared };
  const answers = new Map<string, TriedAnswer>();
  for (const one of declared) answers.set(one.topic, (await tryJson(all, one.topic)).tried);
  for (const index of [strict, `${strict}-2`, `${run}-piped`, `${run}-elsewhere`])
    expect({ index, count: await elasticsearch.count(index) }).toEqual({ index, count: 0 });

  await using host = await startTestHost(all);
  const isSettled = ({ indexed, duplicate, deadLettered, skipped }: OutcomeCounts) =>
    indexed + duplicate + deadLettered + skipped >= values.length;
  const inOrder = (documents: readonly { readonly index: string | null; readonly document: unknown }[]) =>
    documents.map((one) => JSON.stringify(one)).toSorted();
  for (const { topic: name, index } of declared) {
    const { counts } = await host.untilTopic(name, "has all outcomes", ({ counts: so }) => isSettled(so));
    const { outcomes, records } = answers.get(name) ?? { outcomes: null, records: [] };
    expect({ name, outcomes }).toEqual({
      name,
      outcomes: {
        indexed: counts.indexed + counts.duplicate - (outcomes?.["gave-way"] ?? 0),
        "gave-way": expect.any(Number),
        skipped: counts.skipped,
        "dead-lettered": counts.deadLettered,
        waits: 0,
        unknown: 0,
      },
    });
    const written = await elasticsearch.documents(index);
    if (name === `${topic}-3`) written.push(...(await elasticsearch.documents(`${run}-elsewhere`)));
    const expected = records.filter(({ outcome }) => outcome === "indexed" || outcome === "gave-way");
    expect(inOrder(expected.map(({ index: to, document }) => ({ index: to, document })))).toEqual(
      inOrder(written.map(({ _index, _source }) => ({ index: _index, document: _source }))),
    );
  }
  const ofEach = declared.map(({ topic: name }) => answers.get(name)?.outcomes);
  // So that none of the comparisons was empty.
  expect(ofEach).toMatchObject([
    { "gave-way": 2, "dead-lettered": 0, skipped: 1 },
    { "gave-way": 0, "dead-lettered": 3, skipped: 1 },
    { "gave-way": 0, "dead-lettered": 2, skipped: 2 },
  ]);
}, 240_000);

test("nothing stays: no index, no commit, no dead letter, no template; the answer keeps all digits", async () => {
  const index = `${run}-fresh`;
  const group = uniqueName("unseen");
  const dead = `${group}.dead`;
  const quiet = { ...config(), kafka: { ...servers.config.kafka, group }, deadLetters: { topic: dead } };
  const { tried, text, code } = await tryJson(
    quiet,
    topic,
    ...own,
    "--index",
    `${index}-{yyyy.MM.dd}`,
    "--last",
    "1000",
  );
  expect(code).toBe(0);
  expect(tried).toMatchObject({
    partitions: 2,
    problem: null,
    notes: [],
    outcomes: { indexed: 21, skipped: 1, "dead-lettered": 0, waits: 0, unknown: 0 },
    times: { field: 18 },
    levels: { warn: 12, error: 1 },
    tags: { timestamp_parse_failure: 1, json_parse_failure: 1 },
    ignored: { digits: 1 },
  });
  expect(text).toContain(`"digits":${long}`);
  expect(tried.targets.map(({ name, kind }) => ({ name, kind }))).toContainEqual({
    name: `${index}-2026.11.30`,
    kind: "new",
  });
  const [template] =
    (
      (await servers.elasticsearch.request("GET", "/_index_template/penstock")).body as {
        index_templates?: { index_template: { index_patterns: string[] } }[];
      }
    ).index_templates ?? [];
  expect(template?.index_template.index_patterns ?? []).not.toContain(`${index}-*`);
  expect(await exists(`${index}-*?allow_no_indices=false`)).toBe(false);
  const [topics, committed] = [
    await servers.kafka.admin.listTopics(),
    await servers.kafka.committed(group, topic),
  ];
  expect(topics).not.toContain(dead);
  expect([...committed.values()].every((offset) => offset === -1)).toBe(true);
}, 240_000);

describe("targets that take nothing, or not yet:", () => {
  test("a blocked index, a closed day, an alias without a write index, a missing pipeline", async () => {
    const { elasticsearch } = servers;
    const put = (path: string, body: object) => elasticsearch.request("PUT", path, body);
    await put(`/${run}-blocked`, { settings: { "index.blocks.write": true } });
    await put(`/${run}-closed-2026.11.30`, {});
    await elasticsearch.request("POST", `/${run}-closed-2026.11.30/_close`);
    for (const n of [1, 2]) await put(`/${run}-many-${n}`, { aliases: { [`${run}-many`]: {} } });
    const outcomes = async (...args: string[]) => {
      const { tried, code } = await tryJson(config(), topic, "--last", "3", ...own, ...args);
      const [group] = tried.groups;
      return { code, outcome: group?.outcome, text: group?.text };
    };
    expect(await outcomes("--index", `${run}-blocked`)).toEqual({
      code: 1,
      outcome: "waits",
      text: expect.stringContaining("index write (api)"),
    });
    expect(await outcomes("--index", `${run}-closed-{yyyy.MM.dd}`)).toMatchObject({
      code: 1,
      outcome: "dead-lettered",
      text: "closed",
    });
    expect(await outcomes("--index", `${run}-many`)).toMatchObject({
      outcome: "waits",
      text: `no write index is defined for alias [${run}-many]`,
    });
    expect(await outcomes("--pipeline", "nope")).toMatchObject({
      outcome: "waits",
      text: "pipeline with id [nope] does not exist",
    });
    // Its name is taken, so the topic could not even start.
    const { tried } = await tryJson(config(), topic, ...own, "--data-stream", strict, "--last", "2");
    expect(tried.problem).toContain(`there is an index named "${strict}"`);
    expect(tried.outcomes.waits + tried.outcomes.skipped).toBe(2);
    // One of the two may be the one without a value: which partition it went to is the producer's choice.
    const documents = tried.records.flatMap(({ document }) => document ?? []);
    expect(documents).toContainEqual(expect.objectContaining({ kafka: expect.objectContaining({ topic }) }));
  }, 240_000);

  test("a data stream to come has the mapping of ours", async () => {
    const stream = `logs-${run}-prod`;
    const { tried } = await tryJson(config(), topic, ...own, "--data-stream", stream);
    expect(tried.outcomes).toMatchObject({ indexed: 21, skipped: 1 });
    expect(tried.targets).toMatchObject([{ name: stream, kind: "new", records: 21 }]);
    expect(await exists(stream)).toBe(false);
  }, 240_000);

  test("bad input names place, value and rule", async () => {
    const error = async (...args: string[]) => {
      const { code, error: text } = await runTry(config(), args);
      return [code, text.split("\n")[0]];
    };
    expect(await error(`${run}-nope`)).toEqual([1, `topic "${run}-nope" does not exist in Kafka`]);
    expect(await error(topic, "--last", "0")).toEqual([2, expect.stringContaining('--last is "0"')]);
    expect(await error(topic, "--last", "1001")).toEqual([2, expect.stringContaining("at most 1000")]);
    expect(await error(topic, "--index", "No")).toEqual([2, expect.stringContaining('index "No"')]);
    expect(await error(servers.config.deadLetters.topic)).toEqual([
      2,
      expect.stringContaining("dead-letter"),
    ]);
    const { out, code } = await runTry(config(), [`${run}-empty`]);
    expect([code, out]).toEqual([0, `Topic "${run}-empty" has no records to try.\n`]);
  }, 240_000);
});

/** Elasticsearch behind a proxy that may answer in its place. */
function inFront(answer: (path: string, method: string) => Response | Promise<never> | null) {
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    async fetch(request) {
      const { pathname, search } = new URL(request.url);
      const said = answer(pathname, request.method);
      if (said !== null) return said;
      const { method, headers } = request;
      const body = method === "GET" ? null : await request.arrayBuffer();
      return fetch(new URL(pathname + search, servers.addresses.elasticsearchNode), {
        method,
        headers,
        body,
      });
    },
  });
  return {
    config: { ...config(), elasticsearch: { nodes: [`http://127.0.0.1:${server.port}`] } },
    [Symbol.asyncDispose]: () => server.stop(true),
  };
}

test("a user who may not remove an index creates none, and sees the documents all the same", async () => {
  const puts: string[] = [];
  await using secured = inFront((path, method) => {
    if (method === "PUT") puts.push(path);
    if (path !== "/_security/user/_has_privileges") return null;
    const index = { [scratchPattern]: { create_index: true, delete_index: false } };
    return Response.json({ cluster: {}, index }, { headers: { "x-elastic-product": "Elasticsearch" } });
  });
  const { tried, code } = await tryJson(secured.config, topic, ...own, "--last", "4");
  expect(code).toBe(1);
  expect(tried.problem).toContain(`lacks the privileges delete_index for ${scratchPattern}`);
  expect(tried.outcomes.unknown + tried.outcomes.skipped).toBe(4);
  expect(tried.records.filter(({ document }) => document !== null)).not.toEqual([]);
  expect(puts).toEqual([]);
}, 240_000);

test("a trial that is killed leaves its index behind, and a later one removes it; no search ever sees it", async () => {
  const before = new Set(await scratches());
  const reached = Promise.withResolvers<string>();
  await using stuck = inFront((path) => {
    const name = /^\/(penstock-try-[^/]+)\/_search$/.exec(path)?.[1];
    if (name === undefined) return null;
    reached.resolve(name);
    return new Promise<never>(() => {});
  });
  using folder = newFolder();
  const file = `${folder.path}/config.json`;
  await Bun.write(file, JSON.stringify(stuck.config));
  await using child = Bun.spawn([process.execPath, "infra/cli/topics.ts", "try", topic, "--config", file], {
    stdout: "ignore",
    stderr: "inherit",
  });
  const name = await reached.promise;
  child.kill("SIGKILL");
  await child.exited;
  expect(before.has(name)).toBe(false);
  expect(await exists(name)).toBe(true);
  const { elasticsearch } = servers;
  expect((await elasticsearch.request("GET", `/${name}/_alias`)).body).toEqual({ [name]: { aliases: {} } });
  // Hidden: wildcards do not reach it.
  const search = { query: { term: { _index: name } } };
  const { body } = await elasticsearch.request("POST", "/*/_search?filter_path=hits.total.value", search);
  expect(body).toEqual({ hits: { total: { value: 0 } } });
  expect(await elasticsearch.count(name)).toBeGreaterThan(0);

  const client = createElasticsearch({
    ...settings().elasticsearch,
    nodes: [servers.addresses.elasticsearchNode],
  });
  /** Only this one, because other trials may run at the same time. */
  const seeing: typeof client.ask = (question, signal) =>
    question.path.startsWith("/_resolve/index/")
      ? Promise.resolve({ indices: [{ name }] })
      : client.ask(question, signal);
  const { signal } = new AbortController();
  const target = {
    kind: "new",
    index: null,
    mayRollOver: false,
    mappings: {},
    settings: {},
    refusal: null,
  } as const;
  const createdMs = Number(/^penstock-try-(\d+)-/.exec(name)?.[1]);
  const laterBy = async (minutes: number) => {
    const now = () => createdMs + minutes * 60_000;
    const later = createScratchIndices({
      client: { ask: seeing },
      now,
      suffix: () => crypto.randomUUID().slice(0, 8),
    });
    await later.create(target, signal);
    expect(await later.removeAll()).toEqual([]);
    return exists(name);
  };
  expect(await laterBy(9)).toBe(true);
  expect(await laterBy(11)).toBe(false);
  await client.close();
}, 240_000);

test("an Elasticsearch that fails in the middle, and Ctrl-C, leave nothing behind", async () => {
  const names = new Set<string>();
  const ended = new AbortController();
  let isDown = true;
  await using failing = inFront((path) => {
    const name = /^\/(penstock-try-[^/]+)$/.exec(path)?.[1];
    if (name !== undefined) names.add(name);
    if (path !== "/_bulk") return null;
    if (isDown) return new Response("down", { status: 503 });
    ended.abort(new Error("ended by SIGINT"));
    return new Promise<never>(() => {});
  });
  const { tried, code } = await tryJson(failing.config, topic, ...own, "--last", "5");
  expect([code, tried.problem]).toEqual([1, expect.stringContaining("503")]);
  expect(names.size).toBe(1);
  isDown = false;
  const { error, code: failed } = await runTry(failing.config, [topic, ...own], ended.signal);
  expect([failed, error]).toEqual([1, "ended by SIGINT\n"]);
  expect(names.size).toBe(2);
  for (const name of names) expect(await exists(name)).toBe(false);
}, 240_000);

describe("over HTTP", () => {
  test("a host tries the declaration in the request or, without one, the topic's own", async () => {
    const [token, readOnlyToken] = ["full-access-token-1", "read-only-token-12"];
    await using host = await startTestHost({
      ...servers.config,
      kafka: { ...servers.config.kafka, group: uniqueName("hosts") },
      http: { port: 0, token, readOnlyToken },
      topics: [{ topic, index: strict, format: "json", timestamp: "time" }],
    });
    const ask = async (name: string, body: unknown, by = token) => {
      const answer = await host.fetch(`/topics/${name}/try`, {
        method: "POST",
        headers: { "content-type": "application/json", authorization: `Bearer ${by}` },
        body: JSON.stringify(body),
      });
      return { status: answer.status, body: (await answer.json()) as Record<string, never> };
    };
    expect((await ask(topic, {}, readOnlyToken)).status).toBe(403);
    expect(await ask(topic, {})).toMatchObject({
      status: 200,
      body: { spec: { index: strict, format: "json" } },
    });
    const text = await ask(topic, { last: 2, declaration: { topic, index: `${run}-text` } });
    expect(text).toMatchObject({
      status: 200,
      body: { spec: { format: "text" }, outcomes: { "gave-way": 0 } },
    });
    expect(text.body["records"]).toHaveLength(2);
    expect(await ask(`${run}-nope`, {})).toMatchObject({ status: 404 });
    expect(await ask(topic, { last: 0 })).toMatchObject({
      status: 400,
      body: { detail: "last must be a whole number from 1 to 1000." },
    });
    expect(await ask(topic, { declaration: { format: "xml" } })).toMatchObject({
      status: 422,
      body: { errors: [{ field: "declaration.format" }] },
    });
    expect(await eventually("it is ready", async () => (await host.fetch("/readyz")).status === 200)).toBe(
      true,
    );
  }, 240_000);
});
