import { afterEach, beforeEach, expect, jest, test } from "bun:test";
import { createSentLookUp } from "../../../../infra/host/inlet/sent-look-up.ts";
import { createTopicInlets } from "../../../../infra/host/inlet/topic-inlets.ts";
import { DecodeTurns } from "../../../../infra/host/shares/decode-turns.ts";
import { createIntake } from "../../../../infra/host/topic/intake.ts";
import { SentBefore } from "../../../../lib/adapters/elasticsearch/sent/sent-before.ts";
import type { GroupListener } from "../../../../lib/adapters/kafka/group/member/member.ts";
import { Tenure } from "../../../../lib/adapters/kafka/group/member/tenure.ts";
import type { OpenedPartition, Opening } from "../../../../lib/adapters/kafka/reader/opening.ts";
import type { Marks } from "../../../../lib/rules/offsets/marks.ts";
import { parseDocumentId } from "../../../../lib/rules/documents/document-id.ts";
import { advance, flush } from "../../../support/fake-time.ts";
import { openedAt } from "../../../support/looked-up.ts";
import { createMemoryLogger } from "../../../support/memory-logger.ts";
import { sourceRecord, specification } from "../../../support/records.ts";
import { allIndexed, createPumpWorld, fakedTime } from "../pump/pump-world.ts";

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

const { signal } = new AbortController();

/** A topic that goes to index `new` now, between a group that is told what it owns and records that are taken by hand. */
function setUp() {
  /** Where records were looked up. */
  const looked: string[] = [];
  const openings = new Map<number, Opening>();
  const own = new Map<number, Tenure>();
  const highest = new Map<number, number>();
  const logger = createMemoryLogger();
  const before = new SentBefore(specification({ topic: "app", index: "new" }), {
    sent: {
      takeNames: () => Promise.reject(new Error("no field is part of the name")),
      existing(places, ids) {
        const found = ids.flatMap((id) => parseDocumentId("app", id) ?? []);
        for (const { partition, offset } of found)
          looked.push(`${partition}:${offset} in ${places.join("+")}`);
        return Promise.resolve(new Set());
      },
    },
    settling: { settle: () => Promise.resolve({ target: { kind: "fixed" }, highest }), close() {} },
    logger,
  });
  const { pump, budget } = createPumpWorld({
    before,
    async ingest(records, { doubt }) {
      const doubtful = records.filter((record) => doubt?.covers(record) === true);
      await before.find(doubtful, doubt?.isSettled ?? true, signal);
      return { outcomes: allIndexed(records.length), retry: null };
    },
  });
  const read = { next() {}, seek() {}, wake() {}, close() {}, heardAtMs: null };
  const told: GroupListener[] = [];
  const intake = createIntake({
    isToMove: () => false,
    time: fakedTime,
    logger,
    join(listener) {
      told.push(listener);
      const member = {
        tenures: new Map([["app", own]]),
        named: new Set(["app"]),
        trouble: null,
        troubles: new Map<string, never>(),
        isSure: true,
        want() {},
        check() {},
        partitionsOf: () => 2,
        commit: () => Promise.resolve(new Map<Tenure, string>()),
        committed: () => Promise.resolve(new Map<string, never>()),
        leave: () => Promise.resolve(),
      };
      return {
        member,
        openings: {
          add: (opening) => void openings.set(opening.tenure.partition, opening),
          logOf: () => Promise.resolve({ logStart: 0, logEnd: 100 }),
          close() {},
        },
        reader: { open: () => read },
        close: () => Promise.resolve(),
      };
    },
  });
  const { membership } = intake;
  const lookUp = createSentLookUp({
    before,
    time: fakedTime,
    notes: { write: () => Promise.resolve(new Map()) },
  });
  const inlets = createTopicInlets({
    lookUp,
    reader: membership.reader,
    decoder: {
      open() {
        throw new Error("nothing is fetched");
      },
    },
    budget,
    turns: new DecodeTurns(),
    createPump: () => pump,
    logOf: (topic, partition) => membership.openings.logOf(topic, partition),
    time: fakedTime,
    onLost() {},
    onGone() {},
    broken: (error) => void looked.push(String(error)),
  });
  intake
    .open("app", { inlets, isHeld: false, startAt: () => "earliest", onRead() {}, onChange() {} })
    .begin();

  const tenureOf = (partition: number): Tenure => {
    const tenure = own.get(partition);
    if (tenure === undefined) throw new Error(`${partition} is not ours`);
    return tenure;
  };
  const assign = (...partitions: readonly number[]): void => {
    for (const partition of partitions) own.set(partition, new Tenure("app", partition));
    told[0]?.onAssigned(partitions.map(tenureOf));
  };
  /** Its position is known. */
  const opened = async (
    partition: number,
    committed: number,
    note: Pick<OpenedPartition, "place" | "marks">,
  ): Promise<void> => {
    const opening = openings.get(partition);
    openings.delete(partition);
    opening?.onOpened({ ...openedAt(tenureOf(partition), committed), logEnd: 100, ...note });
    await flush();
  };
  /** To the start of its log. */
  const rewind = async (partition: number, order: string): Promise<void> => {
    const moved = intake.move(tenureOf(partition), () => Promise.resolve());
    await advance(1_000);
    await moved;
    await opened(partition, 0, { place: null, marks: marksOf(order) });
  };
  const take = async (partition: number, offset: number): Promise<void> => {
    const records = [sourceRecord("m", { partition, offset })];
    expect(pump.take(tenureOf(partition), { records, start: offset, end: offset + 1 })).toBe(true);
    await advance(1_000);
  };
  return { looked, highest, assign, opened, rewind, take };
}

/** After a rewind from the end of the log. */
const marksOf = (order: string): Marks => ({ order, from: null, below: 100, skipped: [] });

test("a second rewind fills the new index although all partitions are still in doubt from the first", async () => {
  const { looked, assign, opened, rewind, take } = setUp();
  assign(0, 1);
  for (const partition of [0, 1]) await opened(partition, 50, { place: "former", marks: marksOf("one") });
  await take(0, 50);
  await take(1, 50);
  expect(looked).toEqual(["0:50 in former", "1:50 in former"]);
  await rewind(0, "two");
  await take(0, 0);
  await take(1, 51);
  expect(looked.splice(2)).toEqual(["1:51 in former"]);
  await rewind(1, "two");
  await take(1, 0);
  await take(0, 1);
  expect(looked.splice(2)).toEqual([]);
});

test("a rewound partition fills the new index although another one is opened, and moved, after it", async () => {
  const { looked, highest, assign, opened, rewind, take } = setUp();
  assign(0, 1);
  await opened(0, 100, { place: "former", marks: null });
  await rewind(0, "one");
  // Its leader was elected meanwhile.
  highest.set(1, 98);
  await opened(1, 98, { place: "former", marks: null });
  await take(0, 0);
  await take(1, 98);
  expect(looked).toEqual(["1:98 in former"]);
  await rewind(1, "one");
  await take(0, 1);
  await take(1, 0);
  expect(looked).toHaveLength(1);
});
