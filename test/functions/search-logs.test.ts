import { describe, expect, test } from "bun:test";
import { searchLogs, type SearchLogsInput } from "../../functions/search-logs.ts";
import { PenstockError } from "../../lib/rules/base/errors.ts";
import type { FieldCaps } from "../../lib/rules/search/grammar/mapping.ts";
import { parseQuery } from "../../lib/rules/search/grammar/parse.ts";
import { specification } from "../support/records.ts";
import { rejection } from "../support/rejection.ts";
import { answeredHit, searchAnswer } from "../support/search-answer.ts";

const begin = Date.UTC(2026, 2, 4, 12);
const input: SearchLogsInput = {
  topics: ["app"],
  query: parseQuery("timeout"),
  fromMs: begin - 900_000,
  toMs: begin,
  size: 2,
  after: null,
  order: "newest",
  histogram: false,
  managed: true,
  rebuilt: null,
  inForce: new Map([
    ["app", specification({ index: "app-{yyyy.MM.dd}" })],
    ["other", specification({ topic: "other", index: "other" })],
  ]),
};

const few = '"fields":["message","kafka.words"]';

const noFields = async (): Promise<FieldCaps> => ({ indices: 1, fields: new Map() });

/** Answers one search after another, and records the requests. */
function elasticsearch(...answers: readonly (string | null)[]) {
  const asked: { indices: readonly string[]; body: Record<string, unknown> }[] = [];
  return {
    asked,
    deps: {
      marker: "MARK",
      fieldCaps: noFields,
      search: (indices: readonly string[], body: object) => {
        asked.push({ indices, body: { ...body } });
        return Promise.resolve(answers[asked.length - 1] ?? null);
      },
    },
  };
}

test("returns a page of lines with matches marked, and where the next one begins", async () => {
  const source = '{"message":"a timeout","n":1.00,"kafka":{"topic":"app"}}';
  const first = answeredHit({ offset: 9, source, marked: "a MARKtimeoutMARK", tags: ["t"], ignored: ["n"] });
  const world = elasticsearch(searchAnswer([first, answeredHit({ offset: 8 })]));
  const result = await searchLogs(input, world.deps);
  expect(result).toMatchObject({
    from: "2026-03-04T11:45:00.000Z",
    to: "2026-03-04T12:00:00.000Z",
    tookMs: 3,
    complete: true,
    problems: [],
    total: { value: 2, exact: true },
    histogram: null,
    newest: null,
  });
  expect(result.hits[0]).toEqual({
    id: "app:0:9:x",
    index: "app-1",
    topic: "app",
    partition: 0,
    offset: 9,
    timestamp: "2026-03-04T12:00:00.000Z",
    line: [
      ["a ", false],
      ["timeout", true],
    ],
    cut: false,
    bytes: 9,
    level: null,
    tags: ["t"],
    ignored: ["n"],
    documentJson: source,
  });
  expect(JSON.parse(Buffer.from(result.next ?? "", "base64url").toString())).toEqual([
    begin,
    0,
    8,
    "app-1",
    8,
  ]);
  expect(world.asked).toHaveLength(1);
  expect(world.asked[0]?.indices).toEqual(["app-*"]);
  expect(world.asked[0]?.body).toMatchObject({
    timeout: "10s",
    track_total_hits: 10_000,
    size: 2,
    _source: true,
  });
});

test("the last page has no next", async () => {
  const { deps } = elasticsearch(searchAnswer([answeredHit({ offset: 9 })]));
  expect((await searchLogs(input, deps)).next).toBeNull();
});

test("marks nothing without a query; returns a histogram only on request", async () => {
  const world = elasticsearch(searchAnswer([answeredHit({ offset: 9 })]));
  const result = await searchLogs({ ...input, query: null, histogram: true }, world.deps);
  expect(world.asked[0]?.body).not.toHaveProperty("highlight");
  expect(world.asked[0]?.body).toHaveProperty("aggs.bars.date_histogram.fixed_interval", "30000ms");
  expect(result.histogram).toEqual({
    intervalMs: 30_000,
    bars: [],
    levels: { error: [], warn: [], info: [], debug: [] },
  });
});

test("asks for all current topics by name, through the alias", async () => {
  const world = elasticsearch(searchAnswer([answeredHit({ offset: 9 })]));
  await searchLogs({ ...input, topics: [] }, world.deps);
  expect(world.asked[0]?.indices).toEqual(["penstock-records", "penstock-streams"]);
  expect(JSON.stringify(world.asked[0]?.body)).toContain('{"terms":{"kafka.topic":["app","other"]}}');
});

test("asks nothing if there is no topic", async () => {
  const world = elasticsearch();
  expect(await searchLogs({ ...input, topics: [], inForce: new Map() }, world.deps)).toMatchObject({
    hits: [],
    newest: null,
    complete: true,
  });
  expect(world.asked).toEqual([]);
});

test("an empty first page has the time of the newest match outside the span", async () => {
  const world = elasticsearch(searchAnswer([]), searchAnswer([answeredHit({ offset: 1, source: null })]));
  expect((await searchLogs(input, world.deps)).newest).toBe("2026-03-04T12:00:00.000Z");
  expect(JSON.stringify(world.asked[1]?.body)).not.toContain("range");
  const later = elasticsearch(searchAnswer([]));
  expect((await searchLogs({ ...input, after: [1, 0, 1, "app", 5] }, later.deps)).newest).toBeNull();
  expect(later.asked[0]?.body).toMatchObject({ search_after: [1, 0, 1, "app", 5] });
});

test("what matches at no time names fields that may have been meant; what matches at another time does not", async () => {
  const fields = new Map(["level", "log.level"].map((name) => [name, { types: ["keyword"], mappedIn: 1 }]));
  const about = { ...input, query: parseQuery("level:warn") };
  const asked: (readonly string[])[] = [];
  const fieldCaps = async (_indices: readonly string[], names: readonly string[]): Promise<FieldCaps> => {
    asked.push(names);
    return { indices: 1, fields };
  };
  const nowhere = elasticsearch(searchAnswer([]), searchAnswer([]));
  expect((await searchLogs(about, { ...nowhere.deps, fieldCaps })).meant).toEqual([
    { part: { at: 0, text: "level:warn" }, instead: ["log.level:warn"] },
  ]);
  expect(asked.at(-1)).toEqual(["*.level"]);
  const earlier = elasticsearch(searchAnswer([]), searchAnswer([answeredHit({ offset: 1, source: null })]));
  expect((await searchLogs(about, { ...earlier.deps, fieldCaps })).meant).toEqual([]);
  expect(asked).toHaveLength(3);
});

test.each(["deadline_exceeded", "stopping"] as const)("a hint that fails with %s", async (code) => {
  const fields = new Map([["level", { types: ["keyword"], mappedIn: 1 }]]);
  const fieldCaps = async (_indices: readonly string[], names: readonly string[]): Promise<FieldCaps> => {
    if (names.includes("*.level")) throw new PenstockError(code, "no");
    return { indices: 1, fields };
  };
  const { deps } = elasticsearch(searchAnswer([]), searchAnswer([]));
  const search = searchLogs({ ...input, query: parseQuery("level:warn") }, { ...deps, fieldCaps });
  if (code === "stopping") expect(await rejection(search)).toMatchObject({ code });
  else expect(await search).toMatchObject({ hits: [], meant: [], complete: true });
});

test("a field that no index has is told with its likes, also where all fields are too many to list", async () => {
  const known = new Map([["kafka.topic", { types: ["keyword"], mappedIn: 1 }]]);
  const fieldCaps = async (
    _indices: readonly string[],
    names: readonly string[],
  ): Promise<FieldCaps | null> =>
    names.includes("*") ? null : { indices: 1, fields: names.includes("*.topic") ? known : new Map() };
  const about = { ...input, query: parseQuery("topic:app") };
  const error = await rejection(searchLogs(about, { ...elasticsearch().deps, fieldCaps }));
  expect(error).toMatchObject({ instead: ["kafka.topic:app", '"topic:app"'] });
});

test.each([
  ["33 words", Array.from({ length: 33 }, (_, n) => `w${n}`).join(" "), true],
  ["32 words", Array.from({ length: 32 }, (_, n) => `w${n}`).join(" "), false],
  ["9 prefixes", "a* ".repeat(9).trim(), true],
  ["8 prefixes", "a* ".repeat(8).trim(), false],
  ["prefixes without white space", '""aa*""ba*""ca*""da*""ea*""fa*""ga*""ha*""ia*', true],
  ["a phrase of 33", `"${"w ".repeat(33)}"`, true],
  ["one word that Elasticsearch splits into 33", "a/".repeat(33), true],
  ["33 ideographs", "日".repeat(33), true],
  ["many dashes and quotes", '- "" '.repeat(100), false],
])("%s are looked for in few fields: %s %p", async (_name, query, isNarrow) => {
  const world = elasticsearch(searchAnswer([answeredHit({ offset: 9 })]));
  await searchLogs({ ...input, query: parseQuery(query) }, world.deps);
  expect(JSON.stringify(world.asked[0]?.body).includes(few)).toBe(isNarrow);
});

test("searches few fields after a refusal for too many; passes on other refusals", async () => {
  const refusing = (reason: string) => {
    const fields: unknown[] = [];
    const search = (_indices: readonly string[], body: object): Promise<string> => {
      const isNarrow = JSON.stringify(body).includes(few);
      fields.push(isNarrow);
      return isNarrow
        ? Promise.resolve(searchAnswer([answeredHit({ offset: 9 })]))
        : Promise.reject(new PenstockError("usage", `Elasticsearch refuses this search: ${reason}`));
    };
    return { fields, deps: { marker: "MARK", fieldCaps: noFields, search } };
  };
  const wide = refusing("Query rewrite failed: too many clauses");
  const { problems, hits } = await searchLogs(input, wide.deps);
  expect([wide.fields, hits.length, problems.length]).toEqual([[false, true], 1, 1]);
  const broken = refusing("No mapping found for [@timestamp]");
  expect(await rejection(searchLogs(input, broken.deps))).toMatchObject({ code: "usage" });
  expect(broken.fields).toEqual([false]);
});

test("if one index refuses so many fields, all are searched again", async () => {
  const reason = {
    type: "query_shard_exception",
    reason: "field expansion matches too many fields, limit: 1024",
  };
  const _shards = { total: 2, failed: 1, failures: [{ index: "wide", reason }] };
  const refused = searchAnswer([answeredHit({ offset: 9 })], { _shards });
  const world = elasticsearch(refused, searchAnswer([answeredHit({ offset: 8 })]));
  const { hits, problems } = await searchLogs(input, world.deps);
  expect(hits.map(({ offset }) => offset)).toEqual([8]);
  expect(problems).toEqual([expect.stringContaining("only the message was searched")]);
  expect(world.asked.map(({ body }) => JSON.stringify(body).includes(few))).toEqual([false, true]);
});

test("with very many words reports that only the message was searched", async () => {
  const world = elasticsearch(searchAnswer([answeredHit({ offset: 9 })]));
  const result = await searchLogs({ ...input, query: parseQuery("a* ".repeat(9)) }, world.deps);
  expect(JSON.stringify(world.asked[0]?.body)).toContain(few);
  expect(result).toMatchObject({
    complete: false,
    problems: [expect.stringContaining("only the message was searched")],
  });
  const fewer = elasticsearch(searchAnswer([]), searchAnswer([]));
  expect((await searchLogs({ ...input, query: parseQuery("a* ".repeat(8)) }, fewer.deps)).complete).toBe(
    true,
  );
  expect(JSON.stringify(fewer.asked[0]?.body)).not.toContain(few);
});

describe("an answer that is too long is requested again", () => {
  test("with pieces of the messages instead of the documents", async () => {
    const hit = answeredHit({ offset: 9, source: null, marked: "xx MARKtimeoutMARK" });
    const world = elasticsearch(null, searchAnswer([hit]));
    const [found] = (await searchLogs(input, world.deps)).hits;
    expect(found).toMatchObject({
      line: [
        ["xx ", false],
        ["timeout", true],
      ],
      cut: true,
      bytes: null,
      documentJson: null,
    });
    expect(world.asked[1]?.body).toMatchObject({
      _source: false,
      highlight: { fields: { message: { no_match_size: 2_048 } } },
    });
  });

  test("without any text as a last resort", async () => {
    const world = elasticsearch(null, null, searchAnswer([answeredHit({ offset: 9, source: null })]));
    expect((await searchLogs(input, world.deps)).hits).toMatchObject([{ offset: 9, line: [], cut: true }]);
    expect(world.asked[2]?.body).not.toHaveProperty("highlight");
    expect(await rejection(searchLogs(input, elasticsearch(null, null, null).deps))).toMatchObject({
      code: "elasticsearch_refused",
    });
  });
});

test("an invalid answer is an error", async () => {
  expect(await rejection(searchLogs(input, elasticsearch("<html>").deps))).toMatchObject({
    code: "elasticsearch_refused",
  });
});

test.each(["level: DEBUG", "NOT level: DEBUG"])(
  "%s is refused, not answered wrongly, if nobody knows how so many indices map it",
  async (query) => {
    const world = elasticsearch(searchAnswer([]));
    const deps = { ...world.deps, fieldCaps: () => Promise.resolve(null) };
    expect(await rejection(searchLogs({ ...input, query: parseQuery(query) }, deps))).toMatchObject({
      code: "elasticsearch_refused",
      message: expect.stringContaining("too many indices: name a topic"),
    });
    expect(world.asked).toEqual([]);
  },
);
