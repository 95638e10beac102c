import { describe, expect, test } from "bun:test";
import { seededRandom } from "../../../../../infra/bench/kit/random.ts";
import { SentBefore } from "../../../../../lib/adapters/elasticsearch/sent/sent-before.ts";
import type {
  SentRecords,
  Span,
  Target,
} from "../../../../../lib/adapters/elasticsearch/sent/sent-records.ts";
import { createSettling } from "../../../../../lib/adapters/elasticsearch/sent/settling.ts";
import { errorOf } from "../../../../../lib/adapters/elasticsearch/transport/version.ts";
import { abortable } from "../../../../../lib/rules/base/abortable.ts";
import type { PenstockError } from "../../../../../lib/rules/base/errors.ts";
import { documentId } from "../../../../../lib/rules/documents/document-id.ts";
import type { Specification } from "../../../../../lib/rules/model/declaration.ts";
import { createVirtualTime } from "../../../../simulation/virtual-time.ts";
import { createMemoryLogger } from "../../../../support/memory-logger.ts";
import { sourceRecord, specification } from "../../../../support/records.ts";

const { signal } = new AbortController();
const stream = (name: string): Target => ({ kind: "moving", indices: [`.ds-${name}-1`], writesTo: name });
const refused = errorOf({ kind: "response", status: 403, error: null });
const unavailable = errorOf({ kind: "response", status: 503, error: null });

/** Elasticsearch answers as set; `asked` holds each request. */
function setUp() {
  const time = createVirtualTime(seededRandom(1));
  const logger = createMemoryLogger();
  const asked: string[] = [];
  const world = {
    targets: new Map<string, Target>(),
    /** Bulk requests under way, by the name that they write to. */
    bulks: new Map<string, readonly string[]>(),
    highest: new Map<string, ReadonlyMap<number, number>>(),
    existing: new Set<string>(),
    /** By the beginning of a request. */
    failing: new Map<string, PenstockError>(),
    /** The name that a refresh never answers for. */
    hanging: "",
  };
  const ask = async (request: string): Promise<void> => {
    asked.push(request);
    for (const [start, error] of world.failing) if (request.startsWith(start)) throw error;
  };
  const sent: SentRecords = {
    async targets(indices) {
      await ask(`targets ${indices.join()}`);
      return new Map(indices.map((index) => [index, world.targets.get(index) ?? { kind: "absent" }]));
    },
    async takeNames({ names }) {
      await ask(`takeNames ${names.join()}`);
      return { names, isFull: false };
    },
    async underWay(groups) {
      await ask(`underWay ${groups.map((group) => group.join("+")).join()}`);
      return groups.map((group) => new Set(group.flatMap((name) => world.bulks.get(name) ?? [])));
    },
    async refresh(places, until) {
      await ask(`refresh ${places.join()}`);
      if (places.includes(world.hanging)) await abortable(new Promise<void>(() => {}), until);
    },
    async highest(topics) {
      await ask(`highest ${topics.map(({ topic, places }) => `${topic} in ${places.join("+")}`).join()}`);
      return topics.map(({ topic }) => world.highest.get(topic) ?? new Map());
    },
    async existing(places, ids) {
      await ask(`existing ${places.join("+")}: ${ids.length}`);
      return world.existing.intersection(new Set(ids));
    },
  };
  const settling = createSettling({ sent, time, logger });
  const before = (changes: Partial<Specification> = {}) =>
    new SentBefore(specification(changes), { sent, settling, logger });
  return { time, logger, asked, world, before };
}

const spans: readonly Span[] = [{ partition: 0, start: 5, end: 90 }];
const due = (): boolean => true;

describe("before an assigned partition is read", () => {
  test("a concrete index needs one request for all topics, and nothing is looked up", () => {
    const { time, asked, world, before } = setUp();
    const topics = Array.from({ length: 300 }, (_, n) => `t${n}`);
    for (const topic of topics) world.targets.set(topic, { kind: "fixed" });
    const all = topics.map((topic) => before({ topic, index: topic }));
    time.settle(Promise.all(all.map((one) => one.settle(spans, due))), 100);
    expect(asked).toEqual([`targets ${topics.join()}`]);
    expect(all[0]).toMatchObject({ mayMove: false, place: "t0" });
  });

  test("300 streams take four requests together", () => {
    const { time, asked, world, before } = setUp();
    const topics = Array.from({ length: 300 }, (_, n) => `t${n}`);
    for (const topic of topics) world.targets.set(topic, stream(topic));
    world.highest.set("t7", new Map([[0, 41]]));
    const all = topics.map((topic) => before({ topic, index: topic }).settle(spans, due));
    const settled = time.settle(Promise.all(all), 100);
    expect(asked.map((request) => request.split(" ")[0])).toEqual([
      "targets",
      "underWay",
      "refresh",
      "highest",
    ]);
    expect(settled[7]?.highest).toEqual(new Map([[0, 41]]));
    expect(settled[8]?.highest).toEqual(new Map());
  });

  test("partitions without a record beyond their commit need no look", () => {
    const { time, asked, world, before } = setUp();
    world.targets.set("app", stream("app"));
    time.settle(before().settle([], due), 100);
    expect(asked).toEqual(["targets app"]);
  });

  test("bulk requests that were under way are waited for, not later ones, and other topics do not wait", () => {
    const { time, asked, world, before } = setUp();
    for (const name of ["app", "quick"]) world.targets.set(name, stream(name));
    world.bulks.set(".ds-app-1", ["a:1"]);
    let isQuick = false;
    const slow = before().settle(spans, due);
    void before({ topic: "quick", index: "quick" })
      .settle(spans, due)
      .then(() => (isQuick = true));
    time.run(1_000);
    expect(isQuick).toBe(true);
    expect(asked.filter((request) => request.startsWith("refresh"))).toEqual(["refresh quick"]);
    world.bulks.set(".ds-app-1", ["a:2"]);
    time.settle(slow, 2_000);
    expect(asked.at(-2)).toBe("refresh app");
    expect(asked.at(-1)).toBe("highest app in app");
  });

  test("a bulk request that does not end is told after a while, and may be waited for again", () => {
    const { time, world, before } = setUp();
    world.targets.set("app", stream("app"));
    world.bulks.set("app", ["a:1"]);
    const one = before();
    expect(() => time.settle(one.settle(spans, due), 40_000)).toThrow(
      "bulk requests to app have been under way for 30 s",
    );
    world.bulks.clear();
    expect(time.settle(one.settle(spans, due), 41_000).target.kind).toBe("moving");
  });

  test("nobody waits for bulk requests if the partition is gone", () => {
    const { time, world, before } = setUp();
    world.targets.set("app", stream("app"));
    world.bulks.set("app", ["a:1"]);
    expect(() =>
      time.settle(
        before().settle(spans, () => false),
        1_000,
      ),
    ).toThrow("nobody waits");
  });

  test("a former place is looked at, too: the declaration's index was another one", () => {
    const { time, asked, world, before } = setUp();
    world.targets.set("new", { kind: "fixed" });
    const one = before({ index: "new" });
    one.addFormer(0, { place: "new", marks: null });
    one.addFormer(0, { place: "old-{yyyy.MM.dd}", marks: null });
    // What another one's commit tells counts too: this one's may be older. Not if that was rewound: it began anew.
    one.addFormer(1, { place: "older", marks: null });
    one.addFormer(2, {
      place: "oldest",
      marks: { order: "one", from: null, below: null, skipped: [] },
    });
    time.settle(one.settle(spans, due), 100);
    expect(asked).toEqual([
      "targets new",
      "underWay new+old-{yyyy.MM.dd}+older",
      "refresh old-*,older",
      "highest app in old-*+older",
    ]);
    expect(one.mayMove).toBe(false);
  });

  test("one topic's failing shard fails its own look-up only", () => {
    const { time, world, before } = setUp();
    for (const name of ["a", "b", "c"]) world.targets.set(name, stream(name));
    world.failing.set("refresh a,b,c", unavailable);
    world.failing.set("refresh b,c", unavailable);
    world.failing.set("refresh b", unavailable);
    const all = ["a", "b", "c"].map((topic) => before({ topic, index: topic }).settle(spans, due));
    const ends = time.settle(Promise.allSettled(all), 100);
    expect(ends.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
  });

  test("one topic's missing shard, for which a refresh waits, delays the others by seconds only", () => {
    const { time, world, before } = setUp();
    const names = Array.from({ length: 64 }, (_, n) => `t${n}`);
    for (const name of names) world.targets.set(name, stream(name));
    world.hanging = "t40";
    const done: string[] = [];
    for (const topic of names)
      void before({ topic, index: topic })
        .settle(spans, due)
        .then(() => done.push(topic));
    time.run(3_100);
    expect(done).toHaveLength(32);
    time.run(20_000);
    expect(done).toHaveLength(63);
  });

  test("without a connection nothing is asked again for each topic", () => {
    const { time, asked, world, before } = setUp();
    for (const name of ["a", "b"]) world.targets.set(name, stream(name));
    world.failing.set("refresh", errorOf({ kind: "connection", message: "refused" }));
    const all = ["a", "b"].map((topic) => before({ topic, index: topic }).settle(spans, due));
    const ends = time.settle(Promise.allSettled(all), 100);
    expect(ends.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    expect(asked.filter((request) => request.startsWith("refresh"))).toEqual(["refresh a,b"]);
  });

  test("what Elasticsearch refuses is left out and said once; what it cannot do now fails", () => {
    const { time, logger, asked, world, before } = setUp();
    world.targets.set("app", stream("app"));
    world.failing.set("underWay", refused);
    world.failing.set("refresh", refused);
    const one = before();
    expect(time.settle(one.settle(spans, due), 100).highest).toEqual(new Map());
    time.settle(one.settle(spans, due), 200);
    expect(asked.filter((request) => request.startsWith("highest"))).toHaveLength(2);
    expect(logger.lines.map(({ fields }) => fields?.["refused"])).toEqual([
      "which bulk requests are under way",
      "a refresh",
    ]);
    world.failing.set("underWay", unavailable);
    expect(() => time.settle(one.settle(spans, due), 300)).toThrow("503");
    world.failing.set("underWay", errorOf({ kind: "response", status: 401, error: null }));
    expect(() => time.settle(one.settle(spans, due), 400)).toThrow("401");
  });

  test("if Elasticsearch does not tell what the name is, the declaration counts", () => {
    const { time, world, before } = setUp();
    world.failing.set("targets", refused);
    const [index, declared] = [before(), before({ dataStream: "app" })];
    time.settle(Promise.all([index.settle(spans, due), declared.settle(spans, due)]), 100);
    expect([index.mayMove, declared.mayMove]).toEqual([false, true]);
  });

  test("a search that fails is told as such: the caller decides how far the doubt goes", () => {
    const { time, world, before } = setUp();
    world.targets.set("app", stream("app"));
    world.failing.set("highest", unavailable);
    expect(time.settle(before().settle(spans, due), 100).highest).toBe(unavailable);
  });
});

describe("records that may have been sent", () => {
  const records = [3, 4, 5].map((offset) => sourceRecord("m", { offset }));
  const idOf = (at: number): string => documentId("app", records[at] ?? sourceRecord("m"));

  test("are found by their ids, once nothing that was sent can still arrive", () => {
    const { time, asked, world, before } = setUp();
    world.targets.set("app", stream("app"));
    world.existing.add(idOf(1));
    const one = before();
    expect([...time.settle(one.find(records, false, signal), 100)]).toEqual([1]);
    expect(asked).toEqual(["targets app", "underWay app+.ds-app-1", "refresh app", "existing app: 3"]);
    expect([...time.settle(one.find(records, true, signal), 200)]).toEqual([1]);
    expect(asked.slice(4)).toEqual(["existing app: 3"]);
  });

  test("of a concrete index are not looked up: their ids meet them", () => {
    const { time, asked, world, before } = setUp();
    world.targets.set("app", { kind: "fixed" });
    const one = before();
    expect(time.settle(one.find(records, false, signal), 100).size).toBe(0);
    expect(time.settle(one.find(records, false, signal), 200).size).toBe(0);
    expect(asked).toEqual(["targets app"]);
  });

  test("are also looked for in an index that was taken out of the alias since", () => {
    const { time, asked, world, before } = setUp();
    world.targets.set("app", { kind: "moving", indices: ["app-1"], writesTo: "app-1" });
    const one = before();
    time.settle(one.settle(spans, due), 100);
    expect(one.place).toBe("app,app-1");
    world.targets.set("app", { kind: "moving", indices: ["app-2"], writesTo: "app-2" });
    time.settle(one.find(records, false, signal), 200);
    expect(asked.at(-1)).toBe("existing app+app-1+app-2: 3");
    expect(one.place).toBe("app,app-2");
  });

  test("are not looked for where they went before their partition was rewound: those of other partitions are", () => {
    const { time, asked, world, before } = setUp();
    const alias = (index: string): Target => ({ kind: "moving", indices: [index], writesTo: index });
    const marks = { order: "one", from: null, below: 9, skipped: [] };
    world.targets.set("app", alias("app-1"));
    world.bulks.set("app-1", ["a:1"]);
    const one = before();
    one.addFormer(0, { place: "old", marks: null });
    one.addFormer(1, { place: "old", marks: null });
    const slow = one.settle([...spans, { partition: 1, start: 5, end: 90 }], due);
    time.run(1_000);
    // Answered with what the alias led to before.
    one.addFormer(0, { place: null, marks });
    world.bulks.clear();
    time.settle(slow, 2_000);
    world.targets.set("app", alias("app-2"));
    const both = [0, 1].map((partition) => sourceRecord("m", { partition }));
    world.existing.add(documentId("app", both[1] ?? sourceRecord("m")));
    expect([...time.settle(one.find(both, false, signal), 3_000)]).toEqual([1]);
    expect(asked.slice(-2)).toEqual(["existing app+app-2: 1", "existing app+old+app-1+app-2: 1"]);
    // The same rewind again, after a handover.
    one.addFormer(0, { place: "app,app-2", marks });
    world.targets.set("app", alias("app-3"));
    time.settle(one.find(both.slice(0, 1), false, signal), 4_000);
    expect(asked.at(-1)).toBe("existing app+app-2+app-3: 1");
  });

  test("go on without a look-up if the search is forbidden, which is said once", () => {
    const { time, logger, world, before } = setUp();
    world.targets.set("app", stream("app"));
    world.failing.set("existing", refused);
    const one = before();
    time.settle(one.find(records, false, signal), 100);
    expect(time.settle(one.find(records, true, signal), 200).size).toBe(0);
    expect(logger.lines).toHaveLength(1);
    world.failing.set("existing", unavailable);
    expect(() => time.settle(one.find(records, true, signal), 300)).toThrow("503");
  });

  test("are never taken for missing because an answer could not be read", () => {
    const { time, world, before } = setUp();
    world.targets.set("app", stream("app"));
    for (const request of ["underWay", "refresh", "existing"] as const) {
      world.failing.clear();
      world.failing.set(request, errorOf({ kind: "bad_answer", message: "Unexpected end of JSON input" }));
      expect(() => time.settle(before().find(records, false, signal), 1_000)).toThrow("Unexpected end");
    }
    world.failing.set("existing", errorOf({ kind: "response", status: 408, error: null }));
    expect(() => time.settle(before().find(records, true, signal), 2_000)).toThrow("408");
  });

  test("the first write into a name that nothing had shows what it became, with one question at a time", () => {
    const { time, asked, world, before } = setUp();
    const one = before();
    one.wrote();
    time.settle(one.settle([], due), 100);
    expect(one).toMatchObject({ mayMove: true, place: "app" });
    world.failing.set("targets", unavailable);
    one.wrote();
    one.wrote();
    time.run(200);
    expect([asked.length, one.mayMove]).toEqual([2, true]);
    world.failing.clear();
    world.targets.set("app", { kind: "fixed" });
    one.wrote();
    time.run(300);
    one.wrote();
    time.run(400);
    expect([asked.length, one.mayMove]).toEqual([3, false]);
  });

  test("if its records all go elsewhere, by a pipeline, the name is asked for less and less often", () => {
    const { time, asked, world, before } = setUp();
    const one = before();
    time.settle(one.settle([], due), 10);
    const write = (times: number): void => {
      for (let n = 0; n < times; n += 1) {
        one.wrote();
        time.run(time.monotonicMs() + 10);
      }
    };
    write(1_000);
    expect(asked.length).toBeLessThan(15);
    world.targets.set("app", { kind: "fixed" });
    write(1_100);
    expect(one.mayMove).toBe(false);
  });
});
