import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { LogFields, LogTopics } from "../../infra/api/log/fields.ts";
import { recordsAlias } from "../../lib/rules/template/index-template.ts";
import { startTestHost, type TestHost } from "../support/host.ts";
import { uniqueName } from "../support/kafka.ts";
import { useStack } from "../support/stack-clients.ts";

interface Answer {
  readonly total: { readonly value: number };
  readonly problems: readonly string[];
  readonly hits: readonly { readonly index: string; readonly offset: number }[];
}

interface Problem {
  readonly detail: string;
  readonly part?: { readonly at: number; readonly text: string };
  readonly instead?: readonly string[];
}

/** One day's index with a mapping of somebody's own, and the next day's with Penstock's template. */
describe("searches by field, in indices with different mappings", () => {
  const topic = uniqueName("fielded");
  const day = 86_400_000;
  const begin = Date.UTC(2026, 2, 4, 12);
  const [oldIndex, newIndex] = [`${topic}-2026.03.04`, `${topic}-2026.03.05`];
  const old = [
    {
      "log.level": "ERROR",
      status: "500",
      peer: "10.0.0.1",
      message: "payment failed",
      labels: { env: "Prod" },
    },
    { "log.level": "INFO", status: "200", peer: "10.0.1.1", message: "payment done", user: "Ann Lee" },
  ];
  const records = [
    {
      level: "error",
      status: 503,
      message: "payment failed",
      service: { name: "payment" },
      when: "2026-03-05",
    },
    {
      level: "warn",
      status: 404,
      message: "cart failed: ERROR in text",
      service: { name: "payment-worker" },
    },
    {
      level: "info",
      status: 200,
      message: "pay ok at localhost:9092",
      service: { name: "Payment" },
      only: true,
    },
    { level: "info", status: "none", message: "odd status", path: String.raw`C:\temp`, "a/b": "x (y)" },
  ];
  const stack = useStack();
  let host: TestHost;

  beforeAll(async () => {
    const { kafka, elasticsearch } = stack;
    await elasticsearch.request("PUT", `/${oldIndex}`, {
      aliases: { [recordsAlias]: {} },
      mappings: {
        properties: {
          "@timestamp": { type: "date" },
          "log.level": { type: "keyword" },
          status: { type: "keyword" },
          peer: { type: "ip" },
          message: { type: "text" },
          user: { type: "text" },
          labels: { type: "flattened" },
          kafka: { properties: { topic: { type: "keyword" }, offset: { type: "long" } } },
        },
      },
    });
    for (const [offset, document] of old.entries()) {
      await elasticsearch.demand("PUT", `/${oldIndex}/_doc/${topic}:0:${offset}:old`, {
        "@timestamp": new Date(begin + offset).toISOString(),
        ...document,
        kafka: { topic, partition: 0, offset: 100 + offset },
      });
    }
    await kafka.createTopic(topic);
    await kafka.produce(
      topic,
      records.map((record, n) => ({
        value: JSON.stringify(record),
        timestamp: String(begin + day + n),
        ...(n === 0 && { headers: { trace: "Abc-1" } }),
      })),
    );
    host = await startTestHost({
      ...stack.config,
      topics: [{ topic, format: "json", index: `${topic}-{yyyy.MM.dd}` }],
    });
    await host.untilIndexed(topic, records.length);
    await elasticsearch.request("POST", `/${topic}-*/_refresh`);
  }, 240_000);
  afterAll(async () => {
    await host[Symbol.asyncDispose]();
    await stack.elasticsearch.request("DELETE", `/${oldIndex},${newIndex}`);
  });

  const fetched = (query: string, rest = ""): Promise<Response> =>
    host.answer(`/logs?topic=${topic}&from=2020-01-01&to=2030-01-01&q=${encodeURIComponent(query)}${rest}`);
  /** The offsets of what is found, oldest first; those of the old index begin at 100. */
  const found = async (query: string, rest = "&sort=oldest"): Promise<number[]> => {
    const answer = await fetched(query, rest);
    const text = await answer.text();
    expect([answer.status, answer.status === 200 ? "" : text]).toEqual([200, ""]);
    return (JSON.parse(text) as Answer).hits.map(({ offset }) => offset);
  };
  const refused = async (query: string): Promise<Problem> => {
    const answer = await fetched(query);
    expect(answer.status).toBe(400);
    return (await answer.json()) as Problem;
  };

  test.each([
    ["log.level:ERROR", [100, 0]],
    ["log.level: error", [100, 0]],
    ["log.level: (error OR warn)", [100, 0, 1]],
    ["log.level: err*", [100, 0]],
    ["ERROR OR WARN", [100, 0, 1]],
    ["payment AND failed", [100, 0, 1]],
    ["failed NOT payment-worker", [100, 0]],
    ["status: 500", [100]],
    ["status: 404", [1]],
    ["status: none", [3]],
    ["service.name: payment", [0, 2]],
    ["service.name: pay*", [0, 1, 2]],
    ["service.name: *worker", [1]],
    ['service.name: ("payment" or payment-worker)', [0, 1, 2]],
    ["-service.name: payment", [100, 101, 1, 3]],
    ["peer: 10.0.0.0/24", [100]],
    ["peer: 10.0.0.2..10.0.2.0", [101]],
    ["user: ann", [101]],
    ['user: "ann lee"', [101]],
    ['user: "lee ann"', []],
    ["labels.env: prod", [100]],
    ["labels.env: Pr*", [100]],
    ["kafka.headers.trace: abc-1", [0]],
    ["kafka.offset >= 2", [100, 101, 2, 3]],
    ["kafka.partition: 0 and kafka.offset: {0 TO 2}", [1]],
    ["only: true", [2]],
    ["only: *", [2]],
    ["not only: *", [100, 101, 0, 1, 3]],
    ["message: fail*", [100, 0, 1]],
    ['message: "cart failed"', [1]],
    ["@timestamp: 2026-03-05", [0, 1, 2, 3]],
    ["@timestamp >= 2026-03-05 AND pay*ment", [0, 1, 2]],
    [String.raw`path: "C:\\temp"`, [3]],
    [String.raw`path: C:\temp`, [3]],
    ['"a/b": "x (y)"', [3]],
    ['"localhost:9092"', [2]],
    ["localhost:9092:", [2]],
    ["log.level: ERROR or (status: [404 TO 499] and not service.name: x)", [100, 0, 1]],
    ["wor*er", [1]],
  ])("%s", async (query, offsets) => {
    expect(await found(query)).toEqual(offsets);
  });

  test("filters are searches too, and the newest come first unless asked otherwise", async () => {
    const filter = (text: string): string => `&filter=${encodeURIComponent(text)}`;
    const rest = filter("log.level: error") + filter("-status: 500");
    expect(await found("failed OR cart", rest)).toEqual([0]);
    expect(await found("log.level: info", "")).toEqual([3, 2, 101]);
  });

  test("a range over a field that is text in some indices says so", async () => {
    const answer = (await (await fetched("status >= 500")).json()) as Answer;
    expect(answer.hits.map(({ offset }) => offset)).toEqual([0, 100]);
    expect(answer.problems).toEqual([expect.stringContaining("status is keyword or long")]);
  });

  test.each([
    ["x levle: error", 2, "levle: error", "no index has a field levle; did you mean level?", "level: error"],
    [
      "name: payment",
      0,
      "name: payment",
      "no index has a field name; did you mean service.name?",
      "service.name: payment",
    ],
    ["localhost:9092", 0, "localhost:9092", "no index has a field localhost.", '"localhost:9092"'],
    ["service.name >= 5", 16, "5", "service.name is keyword", undefined],
    ["peer: nobody", 6, "nobody", "peer, which is ip", undefined],
    ["peer: 10.*", 6, "10.*", "only texts may have", undefined],
    ["kafka.offset: x", 14, "x", "kafka.offset, which is long", undefined],
    ["failed OR", 7, "OR", "needs something after it", '"OR"'],
  ])("%s is refused with the part, and what is possible", async (query, at, text, rule, instead) => {
    const { detail, part, instead: proposed = [] } = await refused(query);
    expect(part).toEqual({ at, text });
    expect(detail).toContain(rule);
    if (instead !== undefined) expect(proposed).toContain(instead);
    for (const other of proposed)
      expect((await fetched(query.slice(0, at) + other + query.slice(at + text.length))).status).toBe(200);
  });

  test("counts are Elasticsearch's own", async () => {
    const counted = async (clause: object): Promise<number> => {
      const { body } = await stack.elasticsearch.request("POST", `/${topic}-*/_count`, { query: clause });
      return (body as { count: number }).count;
    };
    for (const [query, clause] of [
      ["service.name: payment-worker", { term: { "service.name": "payment-worker" } }],
      ["kafka.offset > 1", { range: { "kafka.offset": { gt: 1 } } }],
      ["log.level: *", { exists: { field: "log.level" } }],
    ] as const) {
      expect([query, (await found(query)).length]).toEqual([query, await counted(clause)]);
    }
  });

  test("bars are split by level, in all mappings, and each line has its own", async () => {
    const answer = (await (await fetched("", "&histogram=true&sort=oldest")).json()) as {
      hits: { level: string | null }[];
      histogram: { levels: Record<string, [number, number][]> };
    };
    const counts = Object.entries(answer.histogram.levels).map(([level, bars]) => [
      level,
      bars.reduce((sum, [, count]) => sum + count, 0),
    ]);
    expect(Object.fromEntries(counts)).toEqual({ error: 2, warn: 1, info: 3, debug: 0 });
    expect(answer.hits.map(({ level }) => level)).toEqual(["error", "info", "error", "warn", "info", "info"]);
  });

  test("the fields of what is found are listed with their most frequent values", async () => {
    const all = `topic=${topic}&from=2020-01-01&to=2030-01-01`;
    const answer = await host.answer(`/logs/fields?${all}&q=${encodeURIComponent("service.name: *")}`);
    const { documents, fields, problems } = (await answer.json()) as LogFields;
    expect([answer.status, documents, problems]).toEqual([200, 3, []]);
    const byName = new Map(fields.map((field) => [field.name, field]));
    expect(byName.get("service.name")).toEqual({
      name: "service.name",
      types: ["keyword"],
      documents: 3,
      values: ["Payment", "payment", "payment-worker"].map((value) => ({ value, documents: 1 })),
    });
    expect(byName.get("only")).toMatchObject({ documents: 1, values: [{ value: "true", documents: 1 }] });
    expect(byName.get("kafka.headers.trace")).toMatchObject({ values: [{ value: "Abc-1", documents: 1 }] });
    // Text in one index, a number in the other.
    expect(byName.get("status")).toMatchObject({ documents: 3, values: null });
    expect(byName.has("message")).toBe(false);
  });

  test("an export to CSV has the fields as columns, and the topic in its name", async () => {
    const all = `topic=${topic}&from=2020-01-01&to=2030-01-01&format=csv`;
    const file = await host.answer(`/logs/export?${all}`);
    expect(file.headers.get("content-disposition")).toContain(`filename="${topic}-20200101T000000Z-2030`);
    const [header = "", newest] = (await file.text()).split("\r\n");
    const columns = header.replaceAll('"', "").split(",");
    expect(columns.slice(0, 5)).toEqual(["timestamp", "topic", "partition", "offset", "message"]);
    for (const name of ["service.name", "status", "log.level", "path", "labels.env"])
      expect(columns).toContain(name);
    expect(newest).toContain(String.raw`"C:\temp"`);
    const chosen = await (await host.answer(`/logs/export?${all}&column=status&column=path`)).text();
    expect(chosen).toStartWith('timestamp,topic,partition,offset,message,"status","path"\r\n');
  });

  test("what is not declared any more is found by its name, and listed", async () => {
    await using other = await startTestHost({ ...stack.config, topics: [] });
    const all = `topic=${topic}&from=2020-01-01&to=2030-01-01`;
    const { undeclared } = (await (await other.answer("/logs/topics")).json()) as LogTopics;
    expect(undeclared).toContain(topic);
    const answer = (await (await other.answer(`/logs?${all}&q=status:404`)).json()) as Answer & {
      hits: { id: string }[];
    };
    expect(answer.hits.map(({ offset }) => offset)).toEqual([1]);
    const id = encodeURIComponent(answer.hits[0]?.id ?? "");
    expect((await other.answer(`/logs/document?topic=${topic}&id=${id}`)).status).toBe(200);
    expect((await other.answer(`/logs/fields?${all}`)).status).toBe(200);
    const file = await other.answer(`/logs/export?${all}`);
    expect((await file.text()).trimEnd().split("\n")).toHaveLength(6);
    for (const path of ["/logs", "/logs/export", "/logs/fields"])
      expect((await other.answer(`${path}?topic=nobody-wrote-this`)).status).toBe(404);
    const mine = (await (await host.answer("/logs/topics")).json()) as LogTopics;
    expect(mine.undeclared).not.toContain(topic);
  });

  test("an export finds the same; a tail refuses the same", async () => {
    const all = `topic=${topic}&from=2020-01-01&to=2030-01-01`;
    const file = await host.answer(`/logs/export?${all}&q=${encodeURIComponent("log.level: error")}`);
    expect((await file.text()).trimEnd().split("\n")).toHaveLength(2);
    expect((await host.answer(`/logs/export?${all}&q=${encodeURIComponent("levle: error")}`)).status).toBe(
      400,
    );
    expect((await host.fetch(`/logs/tail?topic=${topic}&q=a+OR`)).status).toBe(400);
  });
});
