import { expect, test } from "bun:test";
import type { RebuildTopicResult } from "../../functions/rebuild-topic.ts";
import type { RebuildState } from "../../lib/rules/rebuild/rebuild-status.ts";
import { runCommand } from "../support/command.ts";
import { eventually } from "../support/eventually.ts";
import { startTestHost, type TestHost } from "../support/host.ts";
import { uniqueName } from "../support/kafka.ts";
import { type StackClients, useStack } from "../support/stack-clients.ts";

/** Topics that are read again into a new index beside the live one, on real servers. */
const stack = useStack();

const PARTITIONS = 3;
const RECORDS = 6_000;

const servers = (group: string) => ({ ...stack.config, kafka: { ...stack.config.kafka, group } });
const ask: StackClients["elasticsearch"]["demand"] = (...asked) => stack.elasticsearch.demand(...asked);
const produce = (topic: string, from: number, count: number): Promise<void> =>
  stack.kafka.produce(
    topic,
    Array.from({ length: count }, (_, n) => ({
      value: JSON.stringify({ message: `line ${from + n}`, code: from + n }),
      partition: n % PARTITIONS,
    })),
  );
const steer = async (host: TestHost, topic: string, body: object) => {
  const answer = await host.fetch(`/topics/${topic}/rebuild`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  return { status: answer.status, body: (await answer.json()) as RebuildTopicResult & { detail?: string } };
};
/** On a busy machine, hosts may begin later than the answer waits: the order stands all the same. */
const begin = async (host: TestHost, topic: string, body: object) => {
  const { status, body: told } = await steer(host, topic, body);
  if (status === 200) return told.status;
  expect([status >= 500, told.detail]).toEqual([true, expect.stringContaining("The order stands")]);
  return (await host.untilTopic(topic, "is rebuilt", ({ rebuild }) => rebuild !== null)).rebuild;
};
const rebuildIs = (host: TestHost, topic: string, ...states: readonly RebuildState[]) =>
  host.untilTopic(
    topic,
    `rebuild is ${states.join(" or ")}`,
    ({ rebuild }) => rebuild !== null && states.includes(rebuild.state),
    30_000,
  );
/** On a busy machine, owners may follow later than the answer waits: it then says to order it again. */
const order = (host: TestHost, topic: string, action: "swap" | "back"): Promise<RebuildTopicResult> =>
  eventually(
    `${action} is carried out`,
    async () => {
      const { status, body } = await steer(host, topic, { action });
      if (status !== 200) throw new Error(`${status}: ${JSON.stringify(body)}`);
      return body;
    },
    240_000,
  );
/** Which indices a search over all topics finds the topic in. */
const shownIn = async (topic: string): Promise<string[]> => {
  // Other tests close indices behind the alias.
  await ask("POST", "/penstock-records/_refresh?ignore_unavailable=true");
  const { aggregations } = (await ask("POST", "/penstock-records/_search?ignore_unavailable=true", {
    size: 0,
    query: { term: { "kafka.topic": topic } },
    aggs: { indices: { terms: { field: "_index" } } },
  })) as { aggregations: { indices: { buckets: { key: string }[] } } };
  return aggregations.indices.buckets.map(({ key }) => key).toSorted();
};

test.concurrent("a rebuild behind an alias survives kill -9 and is swapped under load, there and back, without loss", async () => {
  const topic = uniqueName("rebuild").toLowerCase();
  const [old, fresh] = [`${topic}-1`, `${topic}-2`];
  await stack.kafka.createTopic(topic, PARTITIONS);
  await ask("PUT", `/${old}`, {
    aliases: { [topic]: { is_write_index: true }, "penstock-records": {} },
    mappings: {
      subobjects: false,
      properties: { "kafka.topic": { type: "keyword" }, code: { type: "keyword" } },
    },
  });
  const config = { ...servers(topic), topics: [{ topic, format: "json" }] };
  await produce(topic, 0, RECORDS);

  await using first = await startTestHost(config);
  await using second = await startTestHost(config);
  await first.untilTopic(
    topic,
    "is read by both",
    ({ partitions }) => partitions.length === PARTITIONS && partitions.some(({ owned }) => !owned),
  );
  const begun = await begin(first, topic, { index: fresh, by: "test" });
  expect(begun).toMatchObject({ index: fresh, old, alias: topic, by: "test" });
  expect(await shownIn(topic)).toEqual([old]);
  expect(await steer(first, topic, { index: `${topic}-3` })).toMatchObject({
    status: 400,
    body: { detail: expect.stringContaining(`it is rebuilt into index "${fresh}" already`) },
  });
  second.signal("SIGKILL");

  // Load from here to the end.
  let written = RECORDS;
  let isOver = false;
  const producing = (async () => {
    // Ends with the test in any case.
    for (const endMs = Date.now() + 60_000; !isOver && Date.now() < endMs; await Bun.sleep(20)) {
      await produce(topic, written, 60);
      written += 60;
    }
  })();
  await using third = await startTestHost(config);
  await rebuildIs(first, topic, "caught up");
  const swapped = await order(first, topic, "swap");
  expect(swapped.message).toStartWith(`Alias "${topic}" leads to "${fresh}" now, and no longer to "${old}".`);
  expect(await shownIn(topic)).toEqual([fresh]);
  const { [fresh]: there } = (await ask("GET", `/_alias/${topic}`)) as Record<string, { aliases: object }>;
  expect(there?.aliases).toEqual({ [topic]: { is_write_index: true } });
  first.signal("SIGKILL");
  await rebuildIs(third, topic, "swapped");
  await order(third, topic, "back");
  expect(await shownIn(topic)).toEqual([old]);
  await rebuildIs(third, topic, "caught up");
  await order(third, topic, "swap");
  isOver = true;
  await producing;

  await eventually("all is in both indices", async () =>
    (await stack.elasticsearch.count(old)) === written && (await stack.elasticsearch.count(fresh)) === written
      ? true
      : null,
  );
  const audit = await runCommand("topics", config, ["rebuild", topic, "--audit"]);
  expect(audit).toMatchObject({ code: 0, error: "" });
  expect(audit.out).toContain(`${topic} → ${old}`);
  expect(audit.out).toContain(`${topic} → ${fresh}`);

  const finished = await steer(third, topic, { action: "finish" });
  expect(finished.body).toMatchObject({ status: null });
  await third.untilTopic(topic, "is not rebuilt any more", ({ rebuild }) => rebuild === null);
  await produce(topic, written, 30);
  await eventually("only the new index is written", async () =>
    (await stack.elasticsearch.count(fresh)) === written + 30 ? true : null,
  );
  expect(await stack.elasticsearch.count(old)).toBe(written);
  const { code } = await runCommand("audit", config, [topic]);
  expect(code).toBe(0);
}, 960_000);

test.concurrent("a topic that declares its index is swapped by its declaration, which the command asks for", async () => {
  const topic = uniqueName("rebuild").toLowerCase();
  const fresh = `${topic}-2`;
  await stack.kafka.createTopic(topic, PARTITIONS);
  await produce(topic, 0, 300);
  const config = (index: string) => ({ ...servers(topic), topics: [{ topic, index }] });
  await using host = await startTestHost(config(topic));
  await host.untilIndexed(topic, 300);
  const topics = (...args: string[]) => runCommand("topics", config(topic), ["rebuild", topic, ...args]);

  expect(await topics()).toMatchObject({
    code: 2,
    error: expect.stringContaining("no rebuild of it has begun"),
  });
  expect(await topics("--swap")).toMatchObject({ code: 2 });
  expect(await topics("--index", topic)).toMatchObject({
    code: 2,
    error: expect.stringContaining(`"${topic}" is the live index`),
  });
  expect(await topics("--index", fresh)).toMatchObject({ code: 0, error: "" });
  await rebuildIs(host, topic, "caught up");
  const status = await topics("--status");
  expect(status.out).toContain("caught up: 100 % of 300 records");
  const [, indexed, duplicate] =
    /indexed (\d+), duplicate (\d+), dead-lettered 0, skipped 0/.exec(status.out) ?? [];
  expect(Number(indexed) + Number(duplicate)).toBeGreaterThanOrEqual(300);
  expect(await stack.elasticsearch.count(fresh)).toBe(300);
  expect(await topics("--finish")).toMatchObject({
    code: 2,
    error: expect.stringContaining("it is not swapped"),
  });

  // On a busy machine, the host may follow later than the command waits.
  const swapped = await eventually("it is swapped", async () => {
    const ended = await topics("--swap");
    return ended.code === 0 ? ended : null;
  });
  expect(swapped.out).toContain(`declare index "${fresh}" for topic "${topic}"`);
  expect(await shownIn(topic)).toEqual([fresh]);
  // The declared index still has all records, too.
  const everywhere = new URLSearchParams({ q: `kafka.topic:${topic}`, from: "2020-01-01", to: "2040-01-01" });
  const found = await host.answer(`/logs?${everywhere.toString()}`);
  expect(await found.json()).toMatchObject({ total: { value: 300 } });
  await host.writeConfig({ http: { port: 0 }, ...config(fresh) });
  await rebuildIs(host, topic, "swapped");
  await produce(topic, 300, 60);
  await eventually("both have all", async () =>
    (await stack.elasticsearch.count(topic)) === 360 && (await stack.elasticsearch.count(fresh)) === 360
      ? true
      : null,
  );
  const finished = await runCommand("topics", config(fresh), ["rebuild", topic, "--finish"]);
  expect(finished).toMatchObject({ code: 0, error: "" });
  await eventually("the host tells what was ordered", () => {
    const told = host.log().filter(({ msg }) => msg === "a rebuild was ordered");
    return told[0]?.["action"] === "begin" && told.at(-1)?.["action"] === "finish";
  });
}, 480_000);

test.concurrent("what a rebuild cannot do is refused with its reason, and a new index that vanishes ends it visibly", async () => {
  const topic = uniqueName("rebuild").toLowerCase();
  const fresh = `${topic}-2`;
  await stack.kafka.createTopic(topic, PARTITIONS);
  await produce(topic, 0, 30);
  const config = {
    ...servers(topic),
    topics: [topic, { topic: `${topic}-dated`, index: "logs-{yyyy.MM.dd}" }, { topic: `${topic}-other` }],
  };
  await using host = await startTestHost(config);
  await host.untilIndexed(topic, 30);
  await ask("PUT", `/${topic}-foreign/_doc/1?refresh=true`, { message: "mine" });
  await ask("PUT", `/${topic}-index`, { aliases: { [`${topic}-alias`]: {} } });
  const refusals: readonly (readonly [name: string, body: object, reason: string, status?: number])[] = [
    [topic, { index: `${topic}-foreign` }, "holds 1 document of something else"],
    [topic, { index: `${topic}-alias` }, "exists already, as an alias"],
    [topic, { index: `${topic}-other` }, `is the index of topic "${topic}-other"`],
    [topic, { index: "Upper" }, '"Upper" is not the name of one index'],
    [topic, { index: fresh, action: "swap" }, "only a new rebuild takes an index"],
    [topic, {}, "index is missing"],
    [topic, { action: "hurry" }, "action"],
    [`${topic}-dated`, { index: fresh }, "stands for many indices"],
    [`${topic}-other`, { index: fresh }, "does not exist in Kafka", 404],
    ["unknown", { index: fresh }, "no source declares it", 404],
  ];
  for (const [name, body, reason, status = 400] of refusals) {
    const answer = await steer(host, name, body);
    expect([answer.status, answer.body.detail]).toEqual([status, expect.stringContaining(reason)]);
  }
  const undeclared = await runCommand("topics", config, ["rebuild", "unknown"]);
  expect(undeclared).toMatchObject({ code: 1, error: expect.stringContaining("no source declares it") });

  await begin(host, topic, { index: fresh });
  await ask("DELETE", `/${fresh}`);
  const { rebuild } = await rebuildIs(host, topic, "failed");
  expect(rebuild?.reason).toContain(`index "${fresh}" was deleted`);
  expect((await steer(host, topic, { action: "cancel" })).status).toBe(200);
  await begin(host, topic, { index: fresh });
  await rebuildIs(host, topic, "caught up");
  expect((await steer(host, topic, { action: "pause" })).body.status?.state).toBe("paused");
  await produce(topic, 30, 30);
  await host.untilIndexed(topic, 60);
  expect(await stack.elasticsearch.count(fresh)).toBe(30);
  await steer(host, topic, { action: "resume" });
  await eventually("it goes on", async () => ((await stack.elasticsearch.count(fresh)) === 60 ? true : null));
}, 480_000);
