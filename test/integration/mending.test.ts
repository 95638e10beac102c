import { expect, test } from "bun:test";
import type { TriedMending } from "../../functions/mend-letters.ts";
import type { ReplayJob } from "../../infra/api/letters/dead-letters.ts";
import type { LetterGroup } from "../../lib/rules/dead-letters/letter-state.ts";
import { runAudit } from "../support/faults/audit.ts";
import { mappingOf } from "../../lib/rules/json/object.ts";
import { fieldCountOf } from "../../lib/rules/trial/scratch-index.ts";
import { eventually } from "../support/eventually.ts";
import { startTestHost, type TestHost } from "../support/host.ts";
import { uniqueName } from "../support/kafka.ts";
import { useStack } from "../support/stack-clients.ts";

const servers = useStack();

interface Case {
  readonly topic: string;
  readonly good: readonly string[];
  readonly bad: readonly string[];
  /** Makes what the topic's documents go to, with a strict idea of their fields. */
  readonly make: (index: string) => Promise<unknown>;
  /** Done once good records are there. */
  readonly between?: () => Promise<unknown>;
}

/** A host whose topic has these letters and good records. */
async function refusing({ topic, good, bad, make, between }: Case): Promise<{
  readonly host: TestHost;
  readonly config: object;
}> {
  await servers.kafka.createTopic(topic, 2);
  await make(topic);
  const config = {
    ...servers.config,
    deadLetters: { topic: uniqueName("dead") },
    topics: [{ topic, format: "json", rejected: "dead-letter" }],
  };
  // The letters lie in partition 0 and the good records in 1, so that both are among the newest.
  const send = (values: readonly string[], partition: number) =>
    servers.kafka.produce(
      topic,
      values.map((value) => ({ value, partition })),
    );
  const host = await startTestHost(config);
  await send(good, 1);
  await host.untilIndexed(topic, good.length);
  await between?.();
  await send(bad, 0);
  await host.untilTopic(topic, "refused what is bad", ({ counts }) => counts.deadLettered === bad.length);
  return { host, config };
}

const put = (path: string, body: object) => servers.elasticsearch.request("PUT", path, body);
const kafkaFields = { "kafka.topic": { type: "keyword" } };

async function ask<T>(host: TestHost, path: string, body?: object): Promise<T> {
  const answer = await fetch(new URL(path, host.url), {
    method: body === undefined ? "GET" : "POST",
    ...(body && { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${text}`);
  // eslint-disable-next-line typescript/no-unsafe-type-assertion -- the host's own answer
  return JSON.parse(text) as T;
}

/** Tries all proposals. Indices that a trial leaves behind would be in its notes. */
async function tried(host: TestHost, group: LetterGroup, into?: string): Promise<TriedMending> {
  const words = { ...named(group), ...(into !== undefined && { into }) };
  const answer = await ask<TriedMending>(host, "/dead-letters/proposals/try", words);
  for (const [id, { notes }] of Object.entries(answer.verdicts))
    expect({ id, notes }).toEqual({ id, notes: [] });
  return answer;
}

function named({ field, ...group }: LetterGroup) {
  return { ...group, ...(field !== null && { field }) };
}

/** Applies a proposal, waits for the end of its job, and returns that. */
async function applied(
  host: TestHost,
  group: LetterGroup,
  { proposals }: TriedMending,
  id: string,
): Promise<ReplayJob> {
  const proposal = proposals.find((one) => one.id === id);
  const { request } = proposal ?? { request: null };
  const words = { ...named(group), proposal: id, request };
  const { id: job } = await ask<ReplayJob>(host, "/dead-letters/proposals/apply", words);
  let last: ReplayJob | null = null;
  await eventually("the job has ended", async () => {
    last = await ask<ReplayJob>(host, `/replay/${job}`);
    return last.state !== "running";
  });
  if (last === null) throw new Error("no job");
  return last;
}

async function groupOf(host: TestHost, topic: string): Promise<LetterGroup> {
  const { groups } = await ask<{ groups: (LetterGroup & { states: object })[] }>(
    host,
    `/dead-letters?topic=${topic}`,
  );
  const [group] = groups;
  if (group === undefined || groups.length > 1) throw new Error(`${groups.length} groups`);
  const { index, field, error } = group;
  return { topic, index, field, error };
}

const refusedByAll = (letters: number) => ({
  tried: letters,
  accepted: 0,
  partly: 0,
  refused: letters,
  unknown: 0,
});
const allAccepted = (letters: number) => ({
  tried: letters,
  accepted: letters,
  partly: 0,
  refused: 0,
  unknown: 0,
});
const partlyAccepted = (letters: number) => ({
  tried: letters,
  accepted: 0,
  partly: letters,
  refused: 0,
  unknown: 0,
});

test("text in a long: each change is tried, another index takes all 1,143, and none is left", async () => {
  const topic = uniqueName("orders");
  const good = Array.from({ length: 300 }, (_, n) => JSON.stringify({ user: { id: n }, n }));
  const bad = Array.from({ length: 1_143 }, (_, n) => JSON.stringify({ user: { id: `guest-${n}` }, n }));
  const make = () =>
    put(`/_index_template/${topic}`, {
      index_patterns: [topic],
      priority: 1_000,
      template: {
        mappings: {
          properties: { user: { properties: { id: { type: "long" } } }, ...kafkaFields },
        },
      },
    });
  const { host } = await refusing({ topic, good, bad, make });
  await using _ = host;
  const group = await groupOf(host, topic);
  expect(group).toMatchObject({ index: topic, field: "user.id", error: "document_parsing_exception" });

  const answer = await tried(host, group);
  expect(answer).toMatchObject({
    target: { kind: "index", index: topic },
    mapping: { type: "long" },
    template: { name: topic, mapsField: true },
    letters: 100,
    best: "malformed-as-text",
  });
  expect(answer.verdicts["as-it-is"]?.good).toMatchObject({ tried: 100, unchanged: 100 });
  expect(answer.proposals.map(({ id }) => id)).toEqual([
    "as-it-is",
    "malformed-as-text",
    "ignore-malformed",
    "flatten",
    "new-index",
  ]);
  const { verdicts } = answer;
  expect(verdicts["as-it-is"]?.letters).toEqual(refusedByAll(100));
  expect(verdicts["as-it-is"]?.reason).toContain("failed to parse field [user.id] of type [long]");
  expect(verdicts["malformed-as-text"]?.letters).toEqual(partlyAccepted(100));
  expect(verdicts["flatten"]?.letters).toEqual(partlyAccepted(100));
  expect(verdicts["new-index"]?.letters).toEqual(allAccepted(100));
  for (const [id, { good: of }] of Object.entries(verdicts))
    expect({ id, of }).toMatchObject({ id, of: { refused: 0, changed: 0, unknown: 0 } });

  const job = await applied(host, group, answer, "new-index");
  const beside = `${topic}-mended`;
  expect(job).toMatchObject({
    state: "done",
    change: { proposal: "new-index", made: true },
    result: { indexed: 1_143, stillRejected: 0 },
    left: { states: { open: 0, resolved: 1_143, unknown: 0 }, byIndex: [{ index: beside, letters: 1_143 }] },
  });
  expect(await servers.elasticsearch.count(topic)).toBe(300);
  const digest = await ask(host, `/dead-letters?topic=${topic}`);
  expect(digest).toMatchObject({ states: { open: 0, resolved: 1_143, unknown: 0 } });
}, 960_000);

const done = (letters: number, index: string) => ({
  state: "done",
  error: null,
  result: { indexed: letters, stillRejected: 0 },
  left: { states: { open: 0, resolved: letters, unknown: 0 }, byIndex: [{ index, letters }] },
});

test("an object where text is mapped: only a field that takes anything helps, and good records stay as they are", async () => {
  const topic = uniqueName("object");
  const good = Array.from({ length: 20 }, (_, n) => JSON.stringify({ error: `line ${n}` }));
  const bad = Array.from({ length: 30 }, (_, n) => JSON.stringify({ error: { code: n } }));
  const make = () =>
    put(`/${topic}`, { mappings: { properties: { error: { type: "text" }, ...kafkaFields } } });
  const { host, config } = await refusing({ topic, good, bad, make });
  await using _ = host;
  const group = await groupOf(host, topic);
  expect(group.field).toBe("error");
  const answer = await tried(host, group);
  expect(answer).toMatchObject({ mapping: { type: "text" } });
  expect(answer.proposals.map(({ id }) => id)).toEqual(["as-it-is", "flatten", "new-index"]);
  expect(answer.verdicts["as-it-is"]?.letters).toEqual(refusedByAll(30));
  expect(answer.verdicts["new-index"]?.letters).toEqual(allAccepted(30));
  const beside = `${topic}-mended`;
  expect(await applied(host, group, answer, "new-index")).toMatchObject(done(30, beside));
  expect((await runAudit(config, [topic])).code).toBe(0);
}, 960_000);

test("a malformed date: it is left out in place, and the letters go into the index that refused them", async () => {
  const topic = uniqueName("date");
  const good = Array.from({ length: 20 }, (_, n) => JSON.stringify({ due: `2026-11-${10 + n}` }));
  const bad = Array.from({ length: 30 }, (_, n) => JSON.stringify({ due: `soon ${n}` }));
  const make = () =>
    put(`/${topic}`, { mappings: { properties: { due: { type: "date" }, ...kafkaFields } } });
  const { host, config } = await refusing({ topic, good, bad, make });
  await using _ = host;
  const group = await groupOf(host, topic);
  const answer = await tried(host, group);
  expect(answer.best).toBe("malformed-as-text");
  expect(answer.proposals[1]?.request).toEqual({
    method: "PUT",
    path: `/${topic}/_mapping`,
    body: {
      properties: {
        due: {
          type: "date",
          ignore_malformed: true,
          fields: { text: { type: "keyword", ignore_above: 8_191 } },
        },
      },
    },
  });
  expect(await applied(host, group, answer, "malformed-as-text")).toMatchObject(done(30, topic));
  const search = await servers.elasticsearch.request("POST", `/${topic}/_count`, {
    query: { prefix: { "due.text": "soon" } },
  });
  expect(search.body).toMatchObject({ count: 30 });
  expect((await runAudit(config, [topic])).code).toBe(0);
  // What was proposed for the index as it was is no longer what it needs.
  const stale = await applied(host, group, answer, "malformed-as-text");
  expect(stale).toMatchObject({ state: "failed", change: { made: false } });
  expect(stale.error).toContain("the index has changed since the proposal was made");
}, 960_000);

test("too many fields: a higher limit is tried, made and enough; another index that is named is tried too", async () => {
  const topic = uniqueName("limit");
  const good = Array.from({ length: 20 }, (_, n) => JSON.stringify({ n }));
  const bad = Array.from({ length: 12 }, (_, n) => JSON.stringify({ [`own${n % 3}`]: n }));
  const make = () => put(`/${topic}`, {});
  const limit = "index.mapping.total_fields.limit";
  const between = async () => {
    const { body } = await servers.elasticsearch.request("GET", `/${topic}`);
    const fields = fieldCountOf(mappingOf(mappingOf(body[topic])["mappings"]));
    await put(`/${topic}/_settings`, { [limit]: fields });
  };
  const { host, config } = await refusing({ topic, good, bad, make, between });
  await using _ = host;
  const group = await groupOf(host, topic);
  expect(group.field).toBeNull();
  const elsewhere = `${topic}-elsewhere`;
  const answer = await tried(host, group, elsewhere);
  expect(answer.proposals.map(({ id }) => id)).toEqual([
    "as-it-is",
    "into",
    "raise-limit",
    "ignore-beyond-limit",
    "flatten",
  ]);
  expect(answer.verdicts["into"]?.letters).toEqual(allAccepted(12));
  expect(answer.verdicts["ignore-beyond-limit"]?.letters).toEqual(partlyAccepted(12));
  expect(answer.proposals[2]?.request?.body).toEqual({ [limit]: 1_000 });
  expect(answer.verdicts["raise-limit"]?.letters).toEqual(allAccepted(12));
  expect(await applied(host, group, answer, "raise-limit")).toMatchObject(done(12, topic));
  expect((await runAudit(config, [topic])).code).toBe(0);
}, 960_000);

test("an alias: a rollover gives later records another type too", async () => {
  const topic = uniqueName("alias");
  const good = Array.from({ length: 5 }, (_, n) => JSON.stringify({ n }));
  const bad = Array.from({ length: 10 }, (_, n) => JSON.stringify({ n: `text ${n}` }));
  const first = `${topic}-000001`;
  const make = () =>
    put(`/${first}`, {
      aliases: { [topic]: { is_write_index: true } },
      mappings: { properties: { n: { type: "long" }, ...kafkaFields } },
    });
  const { host, config } = await refusing({ topic, good, bad, make });
  await using _ = host;
  const group = await groupOf(host, topic);
  const answer = await tried(host, group);
  expect(answer).toMatchObject({ target: { kind: "alias", index: first } });
  expect(answer.verdicts["roll-over"]?.letters).toEqual(allAccepted(10));
  const second = `${topic}-000002`;
  expect(await applied(host, group, answer, "roll-over")).toMatchObject(done(10, second));
  expect((await runAudit(config, [topic])).code).toBe(0);
}, 960_000);
