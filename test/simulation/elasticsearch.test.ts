import { expect, test } from "bun:test";
import { seededRandom } from "../../infra/bench/kit/random.ts";
import type { BulkAnswer } from "../../lib/rules/outcomes/bulk-answer.ts";
import { createSimulatedElasticsearch, UNMAPPABLE } from "./elasticsearch.ts";
import type { ClusterTrouble } from "./troubled-server.ts";
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
  expect([...server.documents.ids("a")]).toEqual(["1"]);
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
  ["cutting answers", "bad_answer", true],
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

const NO_SIGNAL = new AbortController().signal;

test("a stream has its ids once per backing index; an alias that was moved shows its new index only", () => {
  const { ask, server, written, there } = elasticsearch();
  const { documents } = server;
  documents.declare("s", "stream");
  documents.declare("a", "alias");
  expect(documents.rollOver("s")).toBeNull();
  for (const name of ["s", "a"]) {
    expect(statuses(ask([[name, "1", "x"]]))).toEqual([201]);
    expect(statuses(ask([[name, "1", "x"]]))).toEqual([409]);
    documents.rollOver(name);
    expect(statuses(ask([[name, "1", "x"]]))).toEqual([201]);
  }
  expect(written).toEqual([".ds-s-000001/1", ".ds-s-000002/1", "a-000001/1", "a-000002/1"]);
  expect(there).toEqual([".ds-s-000001/1", "a-000001/1"]);
  documents.moveAlias("a");
  expect([...documents.ids("a")]).toEqual([]);
  expect([...documents.ids("s")]).toEqual(["1"]);
  expect(server.loseFormer("s")).toBe(1);
  expect([...documents.ids("s")]).toEqual(["1"]);
});

test("a search finds only what was written before the last refresh", () => {
  const { ask, server } = elasticsearch();
  server.documents.declare("s", "stream");
  ask([["s", "1", "x"]]);
  expect([...server.documents.searchable("s")]).toEqual([]);
  server.documents.refresh("s");
  server.documents.rollOver("s");
  ask([["s", "2", "x"]]);
  expect([...server.documents.searchable("s")]).toEqual(["1"]);
});

test("a bulk that arrived before a rollover writes to the index before it, is under way until then, and misses a deleted one", () => {
  const { time, server, written, send } = elasticsearch();
  server.documents.declare("s", "stream");
  server.troubleIndex("s", "slow");
  const answer = send([["s", "1", "x"]]);
  time.run(time.monotonicMs() + 20);
  expect(server.bulksUnderWay(["s"]).size).toBe(1);
  expect(server.bulksUnderWay(["other"]).size).toBe(0);
  server.documents.rollOver("s");
  expect(statuses(time.settle(answer, time.monotonicMs() + 60_000))).toEqual([201]);
  expect(written).toEqual([".ds-s-000001/1"]);
  expect(server.bulksUnderWay(["s"]).size).toBe(0);

  const late = send([["s", "2", "x"]]);
  time.run(time.monotonicMs() + 20);
  server.documents.lose("s");
  expect(statuses(time.settle(late, time.monotonicMs() + 60_000))).toEqual([404]);
});

test("questions meet the cluster's troubles too", () => {
  const { time, server } = elasticsearch();
  const question = () =>
    time.settle(
      server.ask(() => 7, NO_SIGNAL),
      time.monotonicMs() + 60_000,
    );
  expect(question()).toEqual({ value: 7 });
  server.troubleCluster("busy", 1);
  expect(question()).toEqual({ failure: { kind: "response", status: 429, error: null } });
  server.troubleCluster("silent", 1);
  expect(question()).toMatchObject({ failure: { kind: "timeout" } });
});
