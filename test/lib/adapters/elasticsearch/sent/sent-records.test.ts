import { describe, expect, test } from "bun:test";
import type { Elasticsearch, Question } from "../../../../../lib/adapters/elasticsearch/client.ts";
import { createSentRecords } from "../../../../../lib/adapters/elasticsearch/sent/create-sent-records.ts";
import { PenstockError } from "../../../../../lib/rules/base/errors.ts";
import { rejection } from "../../../../support/rejection.ts";

const { signal } = new AbortController();

/** An Elasticsearch that answers each path as given, and keeps what it was asked. */
function server(answers: (path: string) => unknown, lines: (body: string) => string = () => "") {
  const asked: string[] = [];
  const elasticsearch: Pick<Elasticsearch, "ask" | "askForText" | "existingIds"> = {
    async ask({ path }: Question) {
      asked.push(decodeURIComponent(path));
      return answers(decodeURIComponent(path));
    },
    async askForText({ path, body }) {
      asked.push(path);
      return { text: lines(body) };
    },
    async existingIds(index, ids) {
      asked.push(`${index}: ${ids.join()}`);
      return new Set(ids);
    },
  };
  return { asked, sent: createSentRecords(elasticsearch) };
}

describe("what a name leads to", () => {
  test("a stream and an alias move, a concrete index does not, and what is missing is told", async () => {
    const { asked, sent } = server((path) => {
      if (path === "/_alias/rolling")
        return {
          "r-1": { aliases: { rolling: { is_write_index: false }, other: { is_write_index: true } } },
          "r-2": { aliases: { rolling: { is_write_index: true } } },
        };
      return {
        indices: [{ name: "plain" }],
        aliases: [
          { name: "single", indices: "s-1" },
          { name: "rolling", indices: ["r-1", "r-2"] },
        ],
        data_streams: [{ name: "stream", backing_indices: [".ds-stream-1", ".ds-stream-2"] }],
      };
    });
    const targets = await sent.targets(["plain", "none", "single", "rolling", "stream"], signal);
    expect(Object.fromEntries(targets)).toEqual({
      plain: { kind: "fixed" },
      none: { kind: "absent" },
      single: { kind: "moving", indices: ["s-1"], writesTo: "s-1" },
      rolling: { kind: "moving", indices: ["r-1", "r-2"], writesTo: "r-2" },
      stream: { kind: "moving", indices: [".ds-stream-1", ".ds-stream-2"], writesTo: "stream" },
    });
    expect(asked).toEqual(["/_resolve/index/plain,none,single,rolling,stream", "/_alias/rolling"]);
  });

  test("an alias that is gone or forbidden does not hide where another one writes", async () => {
    const refused = new PenstockError("elasticsearch_refused", "forbidden", { cause: { status: 403 } });
    const { sent } = server((path) => {
      if (path === "/_alias/there") return { "t-2": { aliases: { there: { is_write_index: true } } } };
      if (path.startsWith("/_alias/")) throw refused;
      const all = [
        { name: "hidden", indices: ["h-1", "h-2"] },
        { name: "there", indices: ["t-1", "t-2"] },
      ];
      return { aliases: all.filter(({ name }) => path.includes(name)) };
    });
    expect(Object.fromEntries(await sent.targets(["hidden", "there"], signal))).toEqual({
      hidden: { kind: "moving", indices: ["h-1", "h-2"], writesTo: "hidden" },
      there: { kind: "moving", indices: ["t-1", "t-2"], writesTo: "t-2" },
    });
    expect(Object.fromEntries(await sent.targets(["hidden"], signal))).toEqual({
      hidden: { kind: "moving", indices: ["h-1", "h-2"], writesTo: "hidden" },
    });
  });

  test("an alias of a data stream writes to the stream, not to the oldest of its indices", async () => {
    const { sent } = server((path) =>
      path === "/_alias/one,rolled"
        ? {
            "logs-a": { aliases: { one: {} } },
            "logs-b": { aliases: { rolled: {} } },
            "logs-c": { aliases: { other: { is_write_index: true } } },
          }
        : {
            aliases: [
              { name: "one", indices: ".ds-logs-a-2026.11.30-000001" },
              { name: "rolled", indices: [".ds-logs-b-2026.11.30-000001", ".ds-logs-b-2026.11.30-000002"] },
            ],
          },
    );
    const targets = await sent.targets(["one", "rolled"], signal);
    expect([...targets.values()]).toMatchObject([{ writesTo: "logs-a" }, { writesTo: "logs-b" }]);
  });

  test("a dated name moves if one of its days is an alias or a stream, not if another name matches the pattern", async () => {
    const { sent } = server(() => ({
      aliases: [
        { name: "app-all", indices: ["x"] },
        { name: "web-2026.11.30", indices: ["web-1"] },
      ],
    }));
    const targets = await sent.targets(["app-{yyyy.MM.dd}", "web-{yyyy.MM.dd}"], signal);
    expect(Object.fromEntries(targets)).toEqual({
      "app-{yyyy.MM.dd}": { kind: "fixed" },
      "web-{yyyy.MM.dd}": {
        kind: "moving",
        indices: ["web-2026.11.30", "web-1"],
        writesTo: "web-{yyyy.MM.dd}",
      },
    });
  });

  test("300 names take a few requests, each within Elasticsearch's limit of a request line", async () => {
    const { asked, sent } = server(() => ({}));
    const names = Array.from({ length: 300 }, (_, n) => `an-index-of-a-usual-length-${n}`);
    expect((await sent.targets(names, signal)).size).toBe(300);
    expect(asked).toHaveLength(4);
    expect(Math.max(...asked.map(({ length }) => length))).toBeLessThan(3_100);
  });
});

describe("bulk requests under way", () => {
  const node = { tasks: {} };
  test("are those that name the target, one of its indices, or a day of a dated name", async () => {
    const { sent } = server(() => ({
      nodes: {
        a: {
          tasks: {
            "a:1": { description: "requests[500], indices[other, stream]" },
            "a:2": { description: "requests[2], index[.ds-stream-1][0]" },
            "a:3": { description: "requests[1], indices[app-2026.11.30]" },
          },
        },
        b: { tasks: { "b:1": { description: "requests[1], indices[streams]" } } },
      },
    }));
    const groups = [["stream", ".ds-stream-1"], ["app-{yyyy.MM.dd}"], ["none"]];
    const underWay = await sent.underWay(groups, signal);
    expect(underWay).toEqual([new Set(["a:1", "a:2"]), new Set(["a:3"]), new Set()]);
  });

  test("are recognized behind brackets, which names of indices may contain", async () => {
    const { sent } = server(() => ({
      nodes: {
        a: {
          tasks: {
            "a:1": { description: "requests[2], indices[x]y, stream]" },
            "a:2": { description: "requests[1], index[x]y][0]" },
            "a:3": { description: "requests[1], index[x]y][0], refresh[wait_for]" },
          },
        },
      },
    }));
    expect(await sent.underWay([["stream"], ["x]y"]], signal)).toEqual([
      new Set(["a:1"]),
      new Set(["a:1", "a:2", "a:3"]),
    ]);
  });

  test("are unknown if a node did not tell: it may execute one", async () => {
    const { sent } = server(() => ({
      nodes: { a: node },
      node_failures: [{ type: "failed_node_exception" }],
    }));
    expect(await rejection(sent.underWay([["stream"]], signal))).toMatchObject({
      code: "elasticsearch_unavailable",
    });
  });
});

test("ids are looked for in many former indices of an alias, each request within Elasticsearch's limit", async () => {
  const { asked, sent } = server(() => ({}));
  const places = Array.from({ length: 200 }, (_, n) => `an-index-of-an-alias-that-rolls-over-${n}`);
  expect(await sent.existing(places, ["a", "b"], signal)).toEqual(new Set(["a", "b"]));
  expect(asked.length).toBeGreaterThan(1);
  expect(Math.max(...asked.map(({ length }) => length))).toBeLessThan(3_100);
});

test("a refresh that fails on a shard fails: its documents would look as if they had never been sent", async () => {
  const { sent } = server(() => ({ _shards: { failed: 1 } }));
  expect(await rejection(sent.refresh(["stream"], signal))).toMatchObject({
    code: "elasticsearch_unavailable",
  });
});

test("a refresh that waits for a missing shard names its index", async () => {
  const { sent } = server((path) => {
    if (path.endsWith("_refresh"))
      throw new PenstockError("elasticsearch_unavailable", "no answer within 30 s", { retryable: true });
    return { indices: { ".ds-stream-1": { status: "red" }, ".ds-stream-2": { status: "yellow" } } };
  });
  const error = await rejection(sent.refresh(["stream"], signal));
  expect(error).toMatchObject({
    code: "elasticsearch_unavailable",
    message: expect.stringContaining("a shard of .ds-stream-1 is not there"),
  });
});

test("a refresh that fails for another reason says that", async () => {
  const { sent } = server(() => {
    throw new PenstockError("elasticsearch_unavailable", "no answer within 30 s", { retryable: true });
  });
  expect(await rejection(sent.refresh(["stream"], signal))).toMatchObject({
    message: "no answer within 30 s",
  });
});

describe("the highest offsets", () => {
  const bucket = (key: number, value: number) => ({ key, highest: { value } });
  const answer = (buckets: readonly object[]) => ({ status: 200, aggregations: { partitions: { buckets } } });
  const question = (topic: string, count: number) => ({
    topic,
    places: ["stream"],
    spans: Array.from({ length: count }, (_, partition) => ({ partition, start: 10, end: 90 })),
  });

  test("300 partitions of one topic take one request; each is bounded on its own", async () => {
    const bodies: string[] = [];
    const { asked, sent } = server(
      () => ({}),
      (body) => {
        bodies.push(...body.trimEnd().split("\n"));
        return JSON.stringify({ responses: [answer([bucket(7, 41)]), answer([bucket(299, 12)])] });
      },
    );
    const [found] = await sent.highest([question("t", 300)], signal);
    expect(found).toEqual(
      new Map([
        [7, 41],
        [299, 12],
      ]),
    );
    expect(asked).toEqual(["/_msearch"]);
    expect(bodies).toHaveLength(4);
    expect(bodies[1]).toContain(
      '{"bool":{"filter":[{"term":{"kafka.partition":7}},{"range":{"kafka.offset":{"gte":10,"lt":90}}}]}}',
    );
  });

  test("300 topics take two requests, and one that is refused leaves the others their answers", async () => {
    const refused = {
      status: 400,
      error: { type: "illegal_argument_exception", reason: "Fielddata is disabled" },
    };
    const { asked, sent } = server(
      () => ({}),
      (body) => {
        const topics = [...body.matchAll(/"kafka.topic":"(t\d+)"/g)].map(([, topic]) => topic);
        return JSON.stringify({
          responses: topics.map((topic) => (topic === "t7" ? refused : answer([bucket(0, 5)]))),
        });
      },
    );
    const questions = Array.from({ length: 300 }, (_, n) => question(`t${n}`, 1));
    const found = await sent.highest(questions, signal);
    expect(asked).toHaveLength(2);
    expect(found.filter((one) => one instanceof Error)).toHaveLength(1);
    expect(found[7]).toBeInstanceOf(Error);
    expect(found[299]).toEqual(new Map([[0, 5]]));
  });

  test("of a topic with a missing shard are unknown for now, those of the others are not", async () => {
    const missing = { status: 503, error: { type: "search_phase_execution_exception", reason: "" } };
    const { sent } = server(
      () => ({}),
      () => JSON.stringify({ responses: [missing, answer([bucket(0, 5)])] }),
    );
    expect(await sent.highest([question("t", 1), question("u", 1)], signal)).toEqual([
      expect.objectContaining({ code: "elasticsearch_unavailable" }),
      new Map([[0, 5]]),
    ]);
  });
});
