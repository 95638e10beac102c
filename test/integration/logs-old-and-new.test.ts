import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { recordsAlias } from "../../lib/rules/template/index-template.ts";
import { startTestHost, type TestHost } from "../support/host.ts";
import { uniqueName } from "../support/kafka.ts";
import { eventually } from "../support/eventually.ts";
import { connectStack, useStack } from "../support/stack-clients.ts";
import { templateVersion2 } from "../support/template-2.ts";

interface Answer {
  readonly total: { readonly value: number };
  readonly complete: boolean;
  readonly problems: readonly string[];
  readonly hits: readonly {
    readonly id: string;
    readonly index: string;
    readonly line: readonly (readonly [string, boolean])[];
  }[];
  readonly histogram: { readonly bars: readonly [number, number][] } | null;
  readonly next: string | null;
  readonly newest: string | null;
}

/** A topic with one day's index from the previous template, and the next day's from the current one. */
describe("old and new indices of one topic", () => {
  const topic = uniqueName("aged");
  const day = 86_400_000;
  const begin = Date.UTC(2026, 2, 4, 12);
  const [oldIndex, newIndex] = [`${topic}-2026.03.04`, `${topic}-2026.03.05`];
  /** Each from another logger; the fourth is an older host's version of a container's line. */
  const records: readonly object[] = [
    { msg: "database is gone", level: 50, peer: "10.0.0.1" },
    { message: "user_login_failed for bob at NameSystem.addStoredBlock", status: "in progress" },
    { message: { code: 4 }, short_message: "payment declined", peer: "10.0.0.1" },
    { stream: "stderr", log: "disk almost full\n" },
    { only: "fields" },
  ];
  const lines = [
    "database is gone",
    "user_login_failed for bob at NameSystem.addStoredBlock",
    "payment declined",
    "disk almost full",
  ];
  const stack = useStack();
  let host: TestHost;

  beforeAll(async () => {
    const { kafka, elasticsearch } = stack;
    await elasticsearch.request("PUT", `/${oldIndex}`, {
      ...templateVersion2,
      aliases: { [recordsAlias]: {} },
    });
    for (const [offset, { log, message, ...record }] of (
      records as readonly Record<string, unknown>[]
    ).entries()) {
      await elasticsearch.demand("PUT", `/${oldIndex}/_doc/${topic}:0:${offset}:old`, {
        "@timestamp": new Date(begin + offset * 1_000).toISOString(),
        ...record,
        // An object there was a dead letter.
        ...(typeof message === "string" && { message }),
        ...(log !== undefined && { json: { log }, tags: ["json_field_renamed"] }),
        kafka: { topic, partition: 0, offset },
      });
    }
    await kafka.createTopic(topic);
    await kafka.produce(topic, [
      ...records.map((record, n) => ({
        value: JSON.stringify(record),
        timestamp: String(begin + day + n * 1_000),
      })),
      { value: '{"message":"late for the old index"}', timestamp: String(begin + 60_000) },
    ]);
    host = await startTestHost({
      ...stack.config,
      topics: [{ topic, format: "json", index: `${topic}-{yyyy.MM.dd}` }],
    });
    await host.untilIndexed(topic, records.length + 1);
    await elasticsearch.request("POST", `/${topic}-*/_refresh`);
  }, 240_000);
  afterAll(async () => {
    await host[Symbol.asyncDispose]();
    await stack.elasticsearch.request("DELETE", `/${oldIndex},${newIndex}`);
  });

  const all = "from=2020-01-01&to=2030-01-01";
  const search = async (parameters: string): Promise<Answer> => {
    const answer = await host.answer(`/logs?topic=${topic}&${parameters}`);
    expect(answer.status).toBe(200);
    return (await answer.json()) as Answer;
  };
  /** The indices of all hits, oldest first. */
  const found = async (query: string): Promise<string[]> => {
    const { hits, problems } = await search(`${all}&q=${encodeURIComponent(query)}`);
    expect(problems).toEqual([]);
    return hits
      .map(({ index, id }) => `${index === oldIndex ? "old" : "new"} ${id.split(":")[2]}`)
      .toReversed();
  };
  const textOf = ({ line }: Answer["hits"][number]): string => line.map(([text]) => text).join("");

  test.each([
    ["bob", ["old 1", "new 1"]],
    ["BOB", ["old 1", "new 1"]],
    ["NameSystem.addStoredBlock", ["old 1", "new 1"]],
    ['"for bob at"', ["old 1", "new 1"]],
    ['"bob for"', []],
    ["user_login*", ["old 1", "new 1"]],
    ["10.0.0.1", ["old 0", "old 2", "new 0", "new 2"]],
    ["10.0.0.1 -gone", ["old 0", "old 2", "new 2"]],
    ['"in progress"', ["old 1", "new 1"]],
    ["-bob -10.0.0.1 -late -stderr", ["old 4", "new 4"]],
    ["fields", ["old 4", "new 4"]],
  ])("%s finds the same in both", async (query, places) => {
    expect(await found(query)).toEqual(places);
  });

  test("a search that only the new template supports finds the line in the new index", async () => {
    for (const query of ["gone", "addStoredBlock", "login", "declined", "disk", "user_login_fail*"]) {
      expect([query, (await found(query)).filter((place) => place.startsWith("new")).length]).toEqual([
        query,
        1,
      ]);
    }
  });

  test("the lines are the same, in the answer and in the file", async () => {
    const { hits } = await search(all);
    const byIndex = (index: string): string[] =>
      hits
        .filter((hit) => hit.index === index)
        .map(textOf)
        .toReversed();
    expect(byIndex(oldIndex)).toEqual([...lines, '{"only":"fields"}', "late for the old index"]);
    expect(byIndex(newIndex)).toEqual([...lines, '{"only":"fields"}']);
    const csv = await (await host.fetch(`/logs/export?topic=${topic}&${all}&format=csv&column=only`)).text();
    for (const line of lines) expect(csv.split(`"${line}"`)).toHaveLength(3);
  });

  test("pages, bars and the newest lines cover both", async () => {
    const seen: string[] = [];
    for (let after: string | null = ""; after !== null;) {
      const page: Answer = await search(`${all}&size=2${after === "" ? "" : `&after=${after}`}`);
      seen.push(...page.hits.map(({ index, id }) => `${index} ${id}`));
      after = page.next;
    }
    expect([seen.length, new Set(seen).size]).toEqual([11, 11]);
    const { histogram } = await search(`${all}&histogram=true`);
    expect(histogram?.bars.reduce((sum, [, count]) => sum + count, 0)).toBe(11);
    const empty = await search("from=2029-01-01&to=2030-01-01&q=bob");
    expect(empty).toMatchObject({ hits: [], newest: new Date(begin + day + 1_000).toISOString() });
  });

  test("matches are marked in the message, in both", async () => {
    const { hits } = await search(`${all}&q=${encodeURIComponent("bob 10.0.0.1 | bob")}`);
    expect(hits).toEqual([]);
    const marked = (await search(`${all}&q=bob`)).hits.map(({ line }) =>
      line.filter(([, isFound]) => isFound),
    );
    expect(marked).toEqual([[["bob", true]], [["bob", true]]]);
  });
});

test("a search of all topics finds those whose indices lack the alias too, each record once", async () => {
  await using servers = await connectStack();
  const { kafka, elasticsearch } = servers;
  const [older, rolling, usual] = ["older", "rolling", "usual"].map(uniqueName) as [string, string, string];
  await elasticsearch.demand("PUT", `/${older}`, {});
  await elasticsearch.demand("PUT", `/${rolling}-000001`, {
    aliases: { [rolling]: { is_write_index: true } },
  });
  for (const topic of [older, rolling, usual]) {
    await kafka.createTopic(topic);
    await kafka.produce(topic, [{ value: `a line of ${usual}` }]);
  }
  await using host = await startTestHost({
    ...servers.config,
    kafka: { ...servers.config.kafka, group: usual },
    topics: [older, rolling, usual],
  });
  const indices = [older, `${rolling}-000001`, usual];
  await eventually("all are found", async () => {
    await elasticsearch.request("POST", `/${indices.join(",")}/_refresh`);
    const answer = await host.fetch(`/logs?q=${usual}`);
    const { hits, total } = (await answer.json()) as Answer;
    if (hits.length < indices.length) return false;
    expect(hits.map(({ index }) => index).toSorted()).toEqual(indices.toSorted());
    expect(total.value).toBe(indices.length);
    return true;
  });
  for (const index of indices) await elasticsearch.request("DELETE", `/${index}`);
}, 240_000);

test("an index that maps a record's place as a keyword does not spoil a search of others", async () => {
  await using servers = await connectStack();
  const { kafka, elasticsearch } = servers;
  const [odd, usual] = [uniqueName("odd"), uniqueName("usual")];
  const place = { "kafka.partition": { type: "keyword" }, "kafka.offset": { type: "keyword" } };
  await elasticsearch.demand("PUT", `/${odd}`, { mappings: { properties: place } });
  for (const topic of [odd, usual]) {
    await kafka.createTopic(topic);
    await kafka.produce(topic, [{ value: "a line" }]);
  }
  await using host = await startTestHost({
    ...servers.config,
    kafka: { ...servers.config.kafka, group: usual },
    topics: [odd, usual],
  });
  await eventually("the usual one is found", async () => {
    await elasticsearch.request("POST", `/${odd},${usual}/_refresh`);
    const answer = await host.fetch(`/logs?topic=${odd}&topic=${usual}`);
    const { hits, problems } = (await answer.json()) as Partial<Answer>;
    return hits?.[0]?.index === usual && problems?.[0]?.includes("1 of 2 shards failed");
  });
  for (const index of [odd, usual]) await elasticsearch.request("DELETE", `/${index}`);
}, 240_000);
