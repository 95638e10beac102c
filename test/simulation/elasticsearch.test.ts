import { expect, test } from "bun:test";
import { seededRandom } from "../../infra/bench/kit/random.ts";
import type { BulkAnswer } from "../../lib/rules/outcomes/bulk-answer.ts";
import { createSimulatedElasticsearch, type ClusterTrouble, UNMAPPABLE } from "./elasticsearch.ts";
import { createVirtualTime } from "./virtual-time.ts";

const LIMIT_MS = 5_000;

function elasticsearch() {
  const time = createVirtualTime(seededRandom(7));
  const written: string[] = [];
  const there: string[] = [];
  const lost: string[] = [];
  const server = createSimulatedElasticsearch({
    time,
    requestTimeoutMs: LIMIT_MS,
    shardTimeoutMs: 2_000,
    listener: {
      onWritten: (index, id) => written.push(`${index}/${id}`),
      onThere: (index, id) => there.push(`${index}/${id}`),
      onLost: (index) => lost.push(index),
    },
  });
  const send = (
    operations: readonly (readonly [index: string, id: string, text: string])[],
    pipeline?: string,
  ) => {
    const lines = operations.flatMap(([_index, _id, message]) => [
      JSON.stringify({ create: { _index, _id } }),
      JSON.stringify({ message }),
    ]);
    return server.bulk(Buffer.from(`${lines.join("\n")}\n`), {
      pipeline: pipeline ?? null,
      operations: operations.length,
      pattern: operations[0]?.[0] ?? "",
      documentAt: () => ({ index: "", id: "" }),
      signal: new AbortController().signal,
    });
  };
  const ask = (...given: Parameters<typeof send>): BulkAnswer =>
    time.settle(send(...given), time.monotonicMs() + 60_000);
  return { time, server, written, there, lost, send, ask };
}

function statuses(answer: BulkAnswer): readonly number[] | string {
  return "items" in answer ? answer.items.map(({ status }) => status) : answer.failure.kind;
}

test("a document is written once, and an unmappable one is refused alone", () => {
  const { ask, server, written, there } = elasticsearch();
  const answer = ask([
    ["a", "1", "well"],
    ["b", "1", "well"],
    ["a", "2", UNMAPPABLE],
    ["a", "1", "well"],
  ]);
  expect(statuses(answer)).toEqual([201, 201, 400, 409]);
  expect(written).toEqual(["a/1", "b/1"]);
  expect(there).toEqual(["a/1"]);
  expect([...server.ids("a")]).toEqual(["1"]);
});

test("trouble with an index or a pipeline affects only its items; an index without a primary delays the answer", () => {
  const { ask, server, time, written } = elasticsearch();
  server.troubleIndex("sick", "blocked");
  expect(
    statuses(
      ask([
        ["sick", "1", "x"],
        ["well", "1", "x"],
      ]),
    ),
  ).toEqual([403, 201]);
  server.troubleIndex("sick", "unallocated");
  const before = time.monotonicMs();
  expect(
    statuses(
      ask([
        ["sick", "1", "x"],
        ["well", "2", "x"],
      ]),
    ),
  ).toEqual([503, 201]);
  expect(time.monotonicMs() - before).toBeGreaterThanOrEqual(2_000);
  server.troublePipeline("p", "failing");
  expect(statuses(ask([["well", "3", "x"]], "p"))).toEqual([500]);
  server.troublePipeline("p", "missing");
  expect(statuses(ask([["well", "3", "x"]], "p"))).toEqual([400]);
  server.heal();
  expect(statuses(ask([["sick", "1", "x"]], "p"))).toEqual([201]);
  expect(written).toEqual(["well/1", "well/2", "sick/1"]);
});

const whole: readonly [trouble: ClusterTrouble, told: string, written: boolean][] = [
  ["busy", "response", false],
  ["failing", "response", false],
  ["refusing", "connection", false],
  ["silent", "timeout", false],
  ["losing answers", "connection", true],
  ["belated", "timeout", true],
];

test.each(whole)(
  "a cluster that is %s tells %s; whether it has written is %p",
  (trouble, told, isWritten) => {
    const { ask, server, time, written } = elasticsearch();
    server.troubleCluster(trouble, 1);
    expect(statuses(ask([["a", "1", "x"]]))).toBe(told);
    server.heal();
    time.run(time.monotonicMs() + 60_000);
    expect(written).toEqual(isWritten ? ["a/1"] : []);
  },
);

test("a lost index accepts its documents again", () => {
  const { ask, server, lost } = elasticsearch();
  ask([["a", "1", "x"]]);
  server.loseIndex("a");
  expect(lost).toEqual(["a"]);
  expect(statuses(ask([["a", "1", "x"]]))).toEqual([201]);
});
