import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { TestElasticsearch } from "../support/elasticsearch.ts";
import { eventually } from "../support/eventually.ts";
import { readEvents, type StreamEvent } from "../support/events.ts";
import { startTestHost, type TestHost } from "../support/host.ts";
import { type TestKafka, uniqueName } from "../support/kafka.ts";
import { useStack } from "../support/stack-clients.ts";

interface Answer {
  readonly total: { readonly value: number; readonly exact: boolean };
  readonly complete: boolean;
  readonly problems: readonly string[];
  readonly hits: readonly {
    readonly id: string;
    readonly offset: number;
    readonly line: readonly (readonly [string, boolean])[];
    readonly cut: boolean;
    readonly bytes: number | null;
    readonly tags: readonly string[];
    readonly timestamp: string;
    readonly document: Record<string, unknown> | null;
  }[];
  readonly histogram: { readonly intervalMs: number; readonly bars: readonly [number, number][] } | null;
  readonly next: string | null;
  readonly newest: string | null;
}

const textOf = (hit: Answer["hits"][number] | undefined): string =>
  (hit?.line ?? []).map(([text]) => text).join("");

describe("the logs of a host on real servers", () => {
  const stack = useStack();
  let kafka: TestKafka;
  let elasticsearch: TestElasticsearch;
  let host: TestHost;
  const topics = {
    hostile: uniqueName("hostile"),
    dated: uniqueName("dated"),
    json: uniqueName("json"),
    huge: uniqueName("huge"),
    missing: uniqueName("missing"),
    wide: uniqueName("wide"),
    tail: uniqueName("tail"),
  };
  const hour = 3_600_000;
  const begin = Date.UTC(2026, 2, 4, 12);
  const hostile = [
    "<script>alert(1)</script> <em>timeout</em>",
    "before\u0000after timeout",
    "right \u202Eto left",
    `long timeout ${"x".repeat(100_000)} end`,
    'C:\\temp "quoted" ((',
    "plain GET /pay timeout after 3000 ms",
  ];

  const search = async (parameters: string): Promise<Answer> => {
    const answer = await host.answer(`/logs?${parameters}`);
    const text = await answer.text();
    expect([answer.status, answer.status === 200 ? "" : text]).toEqual([200, ""]);
    return JSON.parse(text) as Answer;
  };
  const all = "from=2020-01-01&to=2030-01-01";
  const q = encodeURIComponent;

  beforeAll(async () => {
    ({ kafka, elasticsearch } = stack);
    await Promise.all(
      [topics.hostile, topics.dated, topics.json, topics.huge].map((topic) => kafka.createTopic(topic)),
    );
    await kafka.createTopic(topics.tail, 2);
    await kafka.produce(
      topics.hostile,
      hostile.map((value, n) => ({ value, timestamp: String(begin + n * 60_000) })),
    );
    await kafka.produce(
      topics.dated,
      [0, 24, 48].map((hours) => ({ value: `day ${hours}`, timestamp: String(begin + hours * hour) })),
    );
    // The host creates the index, with its template: the test puts its document there past the host.
    await kafka.produce(topics.huge, [{ value: "small", timestamp: String(begin) }]);
    await kafka.produce(topics.json, [
      { value: '{"user":{"id":9007199254740993},"n":1.000,"lone":"\\ud800 z"}', timestamp: String(begin) },
      {
        value: `{"message":"own","big":"${"y".repeat(5_000)}","id":12345678901234567}`,
        timestamp: String(begin),
      },
    ]);
    host = await startTestHost({
      ...stack.config,
      topics: [
        topics.hostile,
        { topic: topics.dated, index: `${topics.dated}-{yyyy.MM.dd}` },
        { topic: topics.json, format: "json" },
        topics.huge,
        topics.missing,
        topics.wide,
        topics.tail,
      ],
    });
    for (const [topic, count] of [
      [topics.hostile, hostile.length],
      [topics.dated, 3],
      [topics.json, 2],
      [topics.huge, 1],
    ] as const) {
      await host.untilIndexed(topic, count);
      await elasticsearch.request("POST", `/${topic}*/_refresh`);
    }
    await host.untilTopic(
      topics.tail,
      "runs",
      ({ state, partitions }) => state === "running" && partitions.length === 2,
    );
  }, 240_000);
  afterAll(async () => {
    await elasticsearch.request("DELETE", `/${topics.huge}`);
    await host[Symbol.asyncDispose]();
  });

  test("hostile texts come back unchanged, newest first, with matches marked", async () => {
    const { hits, total, histogram, complete } = await search(
      `topic=${topics.hostile}&q=timeout&histogram=true&from=${begin}&to=${begin + hour}`,
    );
    expect(complete).toBe(true);
    expect(total).toEqual({ value: 4, exact: true });
    expect(hits.map(({ offset }) => offset)).toEqual([5, 3, 1, 0]);
    expect(hits[0]?.line).toEqual([
      ["plain GET /pay ", false],
      ["timeout", true],
      [" after 3000 ms", false],
    ]);
    expect(hits[1]).toMatchObject({ cut: true, bytes: hostile[3]?.length });
    expect(textOf(hits[1])).toBe(hostile[3]?.slice(0, 2_048) ?? "");
    expect(hits[2]?.line.map(([text]) => text).join("")).toBe(hostile[1] ?? "");
    expect(hits[3]?.line).toEqual([
      ["<script>alert(1)</script> <em>", false],
      ["timeout", true],
      ["</em>", false],
    ]);
    expect(histogram?.intervalMs).toBe(120_000);
    expect(histogram?.bars.reduce((sum, [, count]) => sum + count, 0)).toBe(4);
    const everything = await search(`topic=${topics.hostile}&${all}`);
    expect(everything.hits.map((hit) => textOf(hit))).toContain(hostile[2] ?? "");
  });

  test.each([
    '"',
    "((",
    "C:\\",
    "--a*",
    "*",
    "\u{1F600}",
    "-",
    "\ud800",
    "\0",
    'a "b',
    "a".repeat(1_000),
    "a* ".repeat(300),
    "- *",
    "~1 |+ \\",
    "{}[]^!:/",
  ])("query %p is no error", async (query) => {
    const encoded = encodeURIComponent(query.toWellFormed());
    const answer = await host.answer(`/logs?topic=${topics.hostile}&${all}&q=${encoded}&histogram=true`);
    expect(answer.status).toBe(200);
  });

  test("words are ANDed; phrases, -not and prefix* work as documented", async () => {
    const found = async (query: string): Promise<number[]> =>
      (await search(`topic=${topics.hostile}&${all}&q=${q(query)}`)).hits.map(({ offset }) => offset);
    expect(await found("timeout plain")).toEqual([5]);
    expect(await found('"timeout after"')).toEqual([5]);
    expect(await found('"after timeout"')).toEqual([1]);
    expect(await found("timeout -plain -script")).toEqual([3, 1]);
    expect(await found("tim* pl*")).toEqual([5]);
    expect(await found("C:\\")).toEqual([4]);
  });

  test("more words than Elasticsearch allows for so many fields are searched in message", async () => {
    await elasticsearch.request("PUT", `/${topics.wide}`, {
      mappings: {
        dynamic_templates: [{ keywords: { match: "f*", mapping: { type: "keyword" } } }],
        properties: { message: { type: "text" } },
      },
    });
    const words = Array.from({ length: 32 }, (_, n) => `word${n}`);
    const fields = Object.fromEntries(Array.from({ length: 900 }, (_, n) => [`f${n}`, words]));
    const own = { "@timestamp": new Date(begin).toISOString(), message: words.join(" ") };
    const path = `/${topics.wide}/_doc?refresh=true`;
    await elasticsearch.demand("POST", path, {
      ...fields,
      ...own,
      kafka: { topic: topics.wide },
    });
    const query = `topic=${topics.wide}&${all}&q=`;
    expect(await search(query + q("word1 word2"))).toMatchObject({ complete: true, total: { value: 1 } });
    const { total, problems } = await search(query + q(words.join(" ")));
    expect([total.value, problems]).toEqual([1, [expect.stringContaining("only the message was searched")]]);
  }, 240_000);

  test("pages follow each other without loss, dated indices are searched, a bad cursor is refused", async () => {
    const seen: string[] = [];
    let after = "";
    do {
      const page = await search(`topic=${topics.dated}&topic=${topics.hostile}&${all}&size=2${after}`);
      seen.push(...page.hits.map(({ id }) => id));
      after = page.next === null ? "" : `&after=${page.next}`;
    } while (after !== "");
    expect(seen).toHaveLength(hostile.length + 3);
    expect(new Set(seen).size).toBe(hostile.length + 3);
    expect((await host.fetch(`/logs?topic=${topics.dated}&after=e30`)).status).toBe(400);
  });

  test("all current topics at once, by the alias; a missing index and an empty time range are no errors", async () => {
    expect((await search(`${all}&size=1`)).total.value).toBeGreaterThanOrEqual(hostile.length + 3 + 2);
    expect(await search(`topic=${topics.missing}&${all}`)).toMatchObject({
      complete: true,
      total: { value: 0, exact: true },
      hits: [],
      next: null,
      newest: null,
    });
    expect(await search(`topic=${topics.dated}&from=now-1s`)).toMatchObject({
      newest: new Date(begin + 48 * hour).toISOString(),
    });
    expect((await host.fetch("/logs?topic=nobody-declared-this")).status).toBe(404);
  });

  test("numbers keep their digits, long strings are cut", async () => {
    const text = await (await host.answer(`/logs?topic=${topics.json}&${all}`)).text();
    expect(text).toContain('"document":{"@timestamp"');
    for (const digits of ['"id":9007199254740993', '"n":1.000', '"id":12345678901234567']) {
      expect(text).toContain(digits);
    }
    const { hits } = JSON.parse(text) as Answer;
    expect(textOf(hits[0])).toBe("own");
    expect(String(hits[0]?.document?.["big"])).toHaveLength(2_049);
    expect(textOf(hits[1])).toBe('{"user":{"id":9007199254740993},"n":1.000,"lone":"\\ufffd z"}');

    const whole = await host.answer(`/logs/document?topic=${topics.json}&id=${q(hits[0]?.id ?? "")}`);
    const document = (await whole.json()) as { index: string; raw: string; bytes: number };
    expect(document.raw).toContain('"id":12345678901234567');
    expect(document.bytes).toBe(Buffer.byteLength(document.raw));
    // Another topic's name does not find it.
    const foreign = await host.answer(`/logs/document?topic=${topics.hostile}&id=${q(hits[0]?.id ?? "")}`);
    expect(foreign.status).toBe(404);
  });

  test("an export holds every document as written, or as CSV", async () => {
    const ndjson = await host.answer(`/logs/export?topic=${topics.json}&${all}`);
    expect(ndjson.headers.get("content-disposition")).toContain(
      `filename="${topics.json}-20200101T000000Z-20300101T000000Z.ndjson"`,
    );
    const lines = (await ndjson.text()).trimEnd().split("\n");
    expect(lines).toHaveLength(2);
    expect(lines[1]).toContain('"n":1.000');
    const csv = await (await host.answer(`/logs/export?topic=${topics.hostile}&${all}&format=csv`)).text();
    expect(csv.split("\r\n")[0]).toStartWith("timestamp,topic,partition,offset,message");
    expect(csv).toContain('"C:\\temp ""quoted"" (("');
    expect(csv.split("\r\n")).toHaveLength(hostile.length + 2);
  });

  test("a document of 20 MB is listed by its beginning, shown in full, and named in an export", async () => {
    const message = `needle ${"zzz zzzz".repeat(2.5 * 1024 * 1024)}`;
    const document = {
      "@timestamp": new Date(begin).toISOString(),
      message,
      kafka: { topic: topics.huge, partition: 0, offset: 1 },
    };
    // Elasticsearch answers 429 while other tests write as much as its indexing pressure allows.
    await eventually("the document is indexed", async () => {
      const path = `/${topics.huge}/_doc/${topics.huge}:0:1:x?refresh=true`;
      const { status } = await elasticsearch.request("PUT", path, document);
      // 200 if the answer to an earlier try was late.
      return status < 300;
    });
    const { hits, complete } = await search(`topic=${topics.huge}&${all}&q=needle`);
    expect(complete).toBe(true);
    expect(hits.map(({ offset, bytes, cut, document }) => ({ offset, bytes, cut, document }))).toEqual([
      { offset: 1, bytes: null, cut: true, document: null },
    ]);
    expect(textOf(hits[0])).toStartWith("needle zzz");
    const whole = await host.answer(`/logs/document?topic=${topics.huge}&id=${q(hits[0]?.id ?? "")}`);
    expect(((await whole.json()) as { raw: string }).raw.length).toBeGreaterThan(message.length);
    const exported = await (await host.answer(`/logs/export?topic=${topics.huge}&${all}`)).text();
    expect(exported).toContain(`GET /${topics.huge}/_doc/`);
  }, 240_000);

  test("a tail shows settled records: lines sent plus lines counted as not shown equal all matches", async () => {
    const events: StreamEvent[] = [];
    const gone = new AbortController();
    const answer = await host.fetch(`/logs/tail?topic=${topics.tail}&q=${q("-quiet")}`, {
      signal: gone.signal,
    });
    expect(answer.headers.get("content-type")).toStartWith("text/event-stream");
    const reading = readEvents(answer, (event) => events.push(event));
    await eventually("hello", () => events.some(({ event }) => event === "hello"));
    expect(events[0]?.data).toEqual({
      topics: { [topics.tail]: { owned: [0, 1], partitions: 2 } },
      missing: [],
    });
    const messages = Array.from({ length: 3_000 }, (_, n) => ({
      value: n % 3 === 0 ? `quiet ${n}` : `loud ${n} \u0000<b>`,
    }));
    const begunMs = performance.now();
    await kafka.produce(topics.tail, messages);
    const shown = () => events.filter(({ event }) => event === "lines").map(({ data }) => data as TailData);
    // On a busy machine, a record that the tail had no time to look at counts as not shown, whether it matches or not.
    const at = () => shown().at(-1) ?? { sent: 0, notShown: 0 };
    await eventually("all are accounted for", () => at().sent + at().notShown >= 2_000);
    const last = at();
    expect(last.sent + last.notShown).toBeLessThanOrEqual(messages.length);
    const lines = shown().flatMap((data) => data.lines);
    expect(lines).toHaveLength(last.sent);
    // 200 a second, and as many at once.
    expect(last.sent).toBeWithin(200, 200 * ((performance.now() - begunMs) / 1_000 + 2));
    expect(lines[0]).toMatchObject({ topic: topics.tail, outcome: "indexed", cut: false });
    expect(lines.every(({ text }) => text.startsWith("loud ") && text.endsWith(" \u0000<b>"))).toBe(true);
    gone.abort();
    await reading;
  }, 240_000);

  test("indices without our template, mapped by Elasticsearch itself, are searched too", async () => {
    const own = uniqueName("own");
    for (const offset of [0, 1, 2]) {
      await elasticsearch.request("PUT", `/${own}/_doc/${own}:0:${offset}:x?refresh=true`, {
        "@timestamp": new Date(begin).toISOString(),
        message: `line ${offset}`,
        kafka: { topic: own, partition: 0, offset },
      });
    }
    await using other = await startTestHost({
      ...stack.config,
      elasticsearch: { ...stack.config.elasticsearch, manageTemplates: false },
      topics: [own],
    });
    await other.untilTopic(own, "waits for its topic", ({ state }) => state === "pending");
    const first = (await (await other.answer(`/logs?${all}&size=2&q=line`)).json()) as Answer;
    expect(first).toMatchObject({
      complete: true,
      hits: [
        { topic: own, offset: 2 },
        { topic: own, offset: 1 },
      ],
    });
    const second = (await (await other.answer(`/logs?${all}&size=2&after=${first.next}`)).json()) as Answer;
    expect(second).toMatchObject({ complete: true, hits: [{ topic: own, offset: 0 }], next: null });
  }, 240_000);

  test("SIGTERM ends an open tail at once", async () => {
    const group = uniqueName("leaving");
    await using leaving = await startTestHost({
      ...stack.config,
      kafka: { ...stack.config.kafka, group },
      topics: [topics.dated],
    });
    await leaving.untilTopic(topics.dated, "runs", ({ state }) => state === "running");
    const answer = await leaving.fetch(`/logs/tail?topic=${topics.dated}`);
    const reading = readEvents(answer, () => {});
    leaving.signal("SIGTERM");
    await reading;
    expect(await leaving.exited).toBe(0);
  }, 240_000);
});

interface TailData {
  readonly lines: readonly { readonly text: string; readonly topic: string }[];
  readonly sent: number;
  readonly notShown: number;
}
