import { expect, test } from "bun:test";
import { seededRandom } from "../../../../infra/bench/kit/random.ts";
import { createSentLookUp, type LookUpSink } from "../../../../infra/host/inlet/sent-look-up.ts";
import type { Span } from "../../../../lib/adapters/elasticsearch/sent/sent-records.ts";
import type { Settled } from "../../../../lib/adapters/elasticsearch/sent/settling.ts";
import { Tenure } from "../../../../lib/adapters/kafka/group/member/tenure.ts";
import { PenstockError } from "../../../../lib/rules/base/errors.ts";
import { sleep } from "../../../../lib/rules/base/time.ts";
import { createVirtualTime } from "../../../simulation/virtual-time.ts";
import { openedAt } from "../../../support/looked-up.ts";

const unavailable = new PenstockError("elasticsearch_unavailable", "no node answers", { retryable: true });

function setUp() {
  const time = createVirtualTime(seededRandom(1));
  const asked: (readonly Span[] | null)[] = [];
  const formers = new Map<number, string | null>();
  const found: Record<number, number> = {};
  const troubles: string[] = [];
  const world = {
    highest: new Map<number, number>() as Settled["highest"],
    error: null as Error | null,
    place: null as string | null,
    mayMove: true,
    settlesInMs: 0,
    noteError: null as Error | null,
  };
  const noted: string[] = [];
  const lookUp = createSentLookUp({
    time,
    notes: {
      async write(entries) {
        if (world.noteError !== null) throw world.noteError;
        for (const { tenure, offset, place } of entries)
          noted.push(`${tenure.partition} at ${offset}: ${place}`);
        return new Map();
      },
    },
    before: {
      get place() {
        return world.place;
      },
      get mayMove() {
        return world.mayMove;
      },
      addFormer: (partition, { place }) => void formers.set(partition, place),
      async settle(spans): Promise<Settled> {
        asked.push(spans);
        if (world.settlesInMs > 0) await sleep(time, world.settlesInMs);
        if (world.error !== null) throw world.error;
        return { target: { kind: "moving", indices: [], writesTo: "app" }, highest: world.highest };
      },
    },
  });
  const sink: LookUpSink = {
    isDue: ({ tenure }) => !tenure.ended,
    onFound(partitions) {
      for (const { tenure, doubtBelow } of partitions) found[tenure.partition] = doubtBelow;
    },
    onTrouble: (reason) => void troubles.push(reason),
  };
  /** Opens a partition committed at 10, with records up to `logEnd`. */
  const open = (partition: number, logEnd: number, place: string | null = null): Tenure => {
    const tenure = new Tenure("app", partition);
    lookUp.open([{ ...openedAt(tenure, 10), logEnd, place }], sink);
    return tenure;
  };
  return { time, asked, formers, found, troubles, noted, world, lookUp, open };
}

test("where records go is committed before the first of them is sent there, and only if that is another place", () => {
  const { time, found, troubles, noted, world, open } = setUp();
  world.place = "app,app-2";
  world.noteError = new Error("the coordinator moves");
  open(0, 30, "app,app-1");
  open(1, 30, null);
  open(2, 30, "app,app-2");
  time.run(2_000);
  expect(found).toEqual({});
  expect(troubles[0]).toContain("the coordinator moves");
  world.noteError = null;
  time.run(10_000);
  expect(noted).toEqual(["0 at 10: app,app-2", "1 at 10: app,app-2"]);
  expect(Object.keys(found)).toEqual(["0", "1", "2"]);
});

test("the former place stays in the commit while records beyond it may be there: the next host would not look there", () => {
  const { time, found, noted, world, open } = setUp();
  world.place = "new";
  world.highest = new Map([
    [0, 17],
    [2, 17],
  ]);
  open(0, 30, "old,app-1");
  open(1, 30, "old,app-1");
  open(2, 30, "app-1,new");
  time.run(10);
  expect(noted).toEqual(["0 at 10: old,app-1,new", "1 at 10: new"]);
  expect(found).toEqual({ 0: 18, 1: 10, 2: 18 });
});

test("while Elasticsearch is down, partitions of an index are read on as before: their lag must stay known", () => {
  const { time, found, world, open } = setUp();
  world.error = unavailable;
  world.place = "app";
  world.mayMove = false;
  open(0, 30, "app");
  open(1, 30);
  open(2, 30, "old");
  time.run(10);
  expect(found).toEqual({ 0: 10, 1: 10 });
  world.error = null;
  world.highest = new Map([[2, 11]]);
  time.run(1_000);
  expect(found).toEqual({ 0: 10, 1: 10, 2: 12 });
});

test("partitions that are opened in one turn are asked together, each up to the highest offset that is there", () => {
  const { time, asked, formers, found, world, open } = setUp();
  world.highest = new Map([[0, 17]]);
  open(0, 30, "old");
  open(1, 30);
  open(2, 10);
  time.run(10);
  expect(asked).toEqual([
    [
      { partition: 0, start: 10, end: 30 },
      { partition: 1, start: 10, end: 30 },
    ],
  ]);
  expect([...formers]).toEqual([
    [0, "old"],
    [1, null],
    [2, null],
  ]);
  expect(found).toEqual({ 0: 18, 1: 10, 2: 10 });
});

test("if Elasticsearch cannot tell, all records up to the end of the log are doubtful", () => {
  const { time, found, world, open } = setUp();
  world.highest = new Error("Fielddata is disabled");
  open(0, 30);
  time.run(10);
  expect(found).toEqual({ 0: 30 });
});

test("is tried again until Elasticsearch answers, and the reason is shown; a search in vain only five times", () => {
  const { time, asked, found, troubles, world, open } = setUp();
  world.error = unavailable;
  open(0, 30);
  time.run(60_000);
  expect(asked.length).toBeGreaterThan(10);
  expect(troubles.at(-1)).toBe("what was sent before cannot be looked up: no node answers");
  expect(found).toEqual({});
  const before = asked.length;
  world.error = null;
  world.highest = unavailable;
  time.run(120_000);
  expect(asked.length - before).toBe(5);
  expect(found).toEqual({ 0: 30 });
});

test("ends with the tenure, and with the topic", () => {
  const { time, asked, found, world, lookUp, open } = setUp();
  world.error = unavailable;
  const tenure = open(0, 30);
  time.run(10);
  tenure.end();
  time.run(10_000);
  expect(asked).toHaveLength(1);
  open(1, 30);
  time.run(10_010);
  lookUp.close();
  world.error = null;
  time.run(30_000);
  expect(asked).toHaveLength(2);
  expect(found).toEqual({});
  expect(time.timers).toBe(0);
});

test("a try that takes long says why at once: three of them may take minutes", () => {
  const { time, asked, troubles, world, open } = setUp();
  world.error = unavailable;
  world.settlesInMs = 30_000;
  open(0, 30);
  time.run(29_000);
  expect(troubles).toEqual([]);
  time.run(31_000);
  expect(troubles).toEqual(["what was sent before cannot be looked up: no node answers"]);
  expect(asked).toHaveLength(2);
});
