import { expect, test } from "bun:test";
import { seededRandom } from "../../../../../infra/bench/kit/random.ts";
import type { CommitEntry, GroupMember } from "../../../../../lib/adapters/kafka/group/member/member.ts";
import { Tenure } from "../../../../../lib/adapters/kafka/group/member/tenure.ts";
import { createLeaders } from "../../../../../lib/adapters/kafka/reader/leaders.ts";
import { createOpenings, type OpenedPartition } from "../../../../../lib/adapters/kafka/reader/opening.ts";
import { commitMetadata } from "../../../../../lib/rules/offsets/checkpoint.ts";
import type { StartAt } from "../../../../../lib/rules/model/declaration.ts";
import { createVirtualTime } from "../../../../simulation/virtual-time.ts";
import { ModelKafka } from "../../../../support/model-kafka.ts";
import { rejection } from "../../../../support/rejection.ts";

function world() {
  const time = createVirtualTime(seededRandom(1));
  const kafka = new ModelKafka(time);
  const leaders = createLeaders({ wire: kafka, time });
  /** By topic and partition. */
  const commits = new Map<string, { offset: number | null; metadata: string | null }>();
  const requests: string[] = [];
  const failing: { error: Error | null; untold: string | null; refusal: string | null } = {
    error: null,
    untold: null,
    refusal: null,
  };
  const member: Pick<GroupMember, "committed" | "commit"> = {
    committed(partitions) {
      requests.push("committed");
      if (failing.error !== null) return Promise.reject(failing.error);
      return Promise.resolve(
        new Map(
          [...partitions].map(([topic, own]) => [
            topic,
            new Map(
              own
                .filter((partition) => failing.untold !== `${topic}/${partition}`)
                .map((partition) => [
                  partition,
                  commits.get(`${topic}/${partition}`) ?? { offset: null, metadata: null },
                ]),
            ),
          ]),
        ),
      );
    },
    commit(entries: readonly CommitEntry[]) {
      requests.push("commit");
      const { refusal } = failing;
      if (refusal !== null) return Promise.resolve(new Map(entries.map(({ tenure }) => [tenure, refusal])));
      for (const { tenure, offset, last, marks = null } of entries)
        commits.set(`${tenure.topic}/${tenure.partition}`, {
          offset,
          metadata: commitMetadata({ last, place: null, marks }),
        });
      return Promise.resolve(new Map());
    },
  };
  const openings = createOpenings({ member, wire: kafka, leaders, time });
  return {
    time,
    kafka,
    openings,
    commits,
    requests,
    failing,
    run: (ms: number) => time.run(time.monotonicMs() + ms),
    open: (topic: string, partition = 0, startAt: StartAt = "earliest") => {
      const tenure = new Tenure(topic, partition);
      const told: { opened: OpenedPartition[]; troubles: string[]; isDue: boolean; readonly tenure: Tenure } =
        {
          opened: [],
          troubles: [],
          isDue: true,
          tenure,
        };
      openings.add({
        tenure,
        startAt: () => startAt,
        isDue: () => told.isDue,
        onOpened: (opened) => void told.opened.push(opened),
        onTrouble: (reason) => void told.troubles.push(reason),
      });
      return told;
    },
  };
}

test("many topics take one request for the commits, and one for each end and leader", () => {
  const { kafka, commits, requests, open, run } = world();
  const told = Array.from({ length: 200 }, (_, n) => {
    kafka.create(`t${n}`, 2, { leader: 1 + (n % 2), end: 10 });
    if (n % 4 === 0) commits.set(`t${n}/0`, { offset: 5, metadata: null });
    return [open(`t${n}`, 0), open(`t${n}`, 1)];
  }).flat();
  run(10);
  expect(told.every(({ opened }) => opened.length === 1)).toBe(true);
  expect(requests).toEqual(["committed"]);
  // Of each broker: where its logs start, and where they end.
  const asked = kafka.asked.map(({ api, to }) => `${api} ${to}`).toSorted();
  expect(asked).toEqual([
    "ListOffsets 1",
    "ListOffsets 1",
    "ListOffsets 2",
    "ListOffsets 2",
    "Metadata null",
  ]);
});

test("continues after the commit, checked against the record before it if known; else from the start of the log", () => {
  const { kafka, commits, open, run } = world();
  kafka.create("t", 4, { start: 20, end: 100 });
  const checkpoint = { offset: 41, timestamp: 7 };
  commits.set("t/0", { offset: 42, metadata: commitMetadata({ last: checkpoint, place: "app" }) });
  commits.set("t/1", { offset: 10, metadata: null });
  commits.set("t/2", { offset: 101, metadata: null });
  const told = [0, 1, 2, 3].map((partition) => open("t", partition, "latest"));
  run(10);
  expect(told.map(({ opened }) => opened[0])).toMatchObject([
    {
      tenure: told[0]?.tenure,
      committed: 42,
      position: { start: 42, check: checkpoint, lost: null },
      logEnd: 100,
      place: "app",
    },
    {
      tenure: told[1]?.tenure,
      committed: 10,
      position: { start: 20, check: null, lost: { partition: 1, from: 10, to: 20, cause: "retention" } },
      logEnd: 100,
      place: null,
    },
    {
      tenure: told[2]?.tenure,
      committed: 101,
      position: { start: 20, check: null, lost: { partition: 2, from: 101, to: null, cause: "recreated" } },
      logEnd: 100,
      place: null,
    },
    // Added later: the group already has a commit of the topic.
    {
      tenure: told[3]?.tenure,
      committed: null,
      position: { start: 20, check: null, lost: null },
      logEnd: 100,
      place: null,
    },
  ] as OpenedPartition[]);
});

test("latest without any commit of the topic commits the ends of all its partitions together", () => {
  const { kafka, commits, requests, open, run } = world();
  kafka.create("t", 3, { start: 5, end: 30 });
  kafka.create("early", 1, { start: 5, end: 30 });
  kafka.log("t", 2).leader = 2;
  const [mine, early] = [open("t", 0, "latest"), open("early")];
  run(10);
  expect(requests).toEqual(["committed", "commit"]);
  expect(Object.fromEntries(commits)).toEqual({
    "t/0": { offset: 30, metadata: '{"marks":{"from":30}}' },
    "t/1": { offset: 30, metadata: '{"marks":{"from":30}}' },
    "t/2": { offset: 30, metadata: '{"marks":{"from":30}}' },
  });
  expect(mine.opened).toEqual([
    {
      tenure: mine.tenure,
      committed: 30,
      position: { start: 30, check: null, lost: null },
      logEnd: 30,
      place: null,
      marks: { order: null, from: 30, below: null, skipped: [] },
    },
  ]);
  expect(early.opened[0]?.position.start).toBe(5);
});

test("only the owner of the first partition commits the ends: a second one would commit past records being read", () => {
  const { kafka, commits, open, run } = world();
  kafka.create("t", 2, { end: 30 });
  const other = open("t", 1, "latest");
  run(1);
  const first = open("t", 0, "latest");
  run(5);
  expect([first.opened.length, other.opened.length]).toEqual([1, 0]);
  kafka.append("t", 3);
  kafka.append("t", 3, 1);
  run(500);
  expect(other.opened.map(({ committed }) => committed)).toEqual([30]);
  expect([commits.get("t/0")?.offset, commits.get("t/1")?.offset]).toEqual([30, 30]);
});

test("the ends are committed even if nobody owns the first partition", () => {
  const { kafka, open, run } = world();
  kafka.create("t", 2, { end: 30 });
  const other = open("t", 1, "latest");
  // Its owner may be about to commit: of two, the later one would commit past records the other started to read.
  run(5_000);
  expect(other.opened).toEqual([]);
  run(8_000);
  expect(other.opened.map(({ committed }) => committed)).toEqual([30]);
});

test("unknown or refused ends are retried: no topic is half opened", () => {
  const { kafka, commits, failing, open, run } = world();
  kafka.create("t", 2, { end: 30 });
  kafka.log("t", 1).error = "LEADER_NOT_AVAILABLE";
  const told = open("t", 0, "latest");
  run(1_000);
  expect(told.opened).toEqual([]);
  expect(commits.size).toBe(0);
  expect(told.troubles.at(-1)).toContain("a partition leader is moving");
  kafka.log("t", 1).error = null;
  failing.refusal = "COORDINATOR_LOAD_IN_PROGRESS";
  run(12_000);
  expect(told.opened).toEqual([]);
  expect(told.troubles.at(-1)).toBe("where it begins could not be committed: COORDINATOR_LOAD_IN_PROGRESS");
  failing.refusal = null;
  run(12_000);
  expect(told.opened.map(({ committed }) => committed)).toEqual([30]);
});

test("a silent leader blocks only its own partitions, which follow the leadership", () => {
  const { kafka, open, run } = world();
  kafka.create("stuck", 1, { leader: 2, end: 5 });
  kafka.create("well", 1, { end: 5 });
  kafka.frozen.add(2);
  const [stuck, well] = [open("stuck"), open("well")];
  run(10);
  expect(well.opened.length).toBe(1);
  kafka.log("stuck").leader = 1;
  run(6_000);
  expect(stuck.opened.length).toBe(1);
  expect(well.opened.length).toBe(1);
});

test("a silent coordinator and a partition missing from its answer are reported if they last; nothing is guessed", () => {
  const { kafka, failing, open, run } = world();
  kafka.create("t", 2, { end: 5 });
  failing.error = new Error("no coordinator");
  const [one, two] = [open("t", 0, "latest"), open("t", 1, "latest")];
  run(100);
  expect([one.troubles, two.troubles]).toEqual([[], []]);
  run(1_000);
  expect(one.troubles[0]).toBe("no coordinator");
  failing.error = null;
  failing.untold = "t/1";
  run(20_000);
  // The known partition has no commit, but the topic may have one: it is not pinned.
  expect(one.opened.map(({ position }) => position.start)).toEqual([]);
  expect(two.opened).toEqual([]);
  failing.untold = null;
  run(20_000);
  expect([one.opened.length, two.opened.length]).toEqual([1, 1]);
});

test("a new partition is opened once it is known, unless nobody waits for it", () => {
  const { kafka, open, run } = world();
  kafka.create("t", 1, { end: 5 });
  open("t");
  run(100);
  const [added, gone] = [open("t", 1), open("t")];
  gone.isDue = false;
  run(1);
  kafka.create("t", 2, { end: 5 });
  run(2_000);
  expect(added.opened.length).toBe(1);
  expect(gone.opened).toEqual([]);
});

test("a topic recreated with fewer partitions opens those that exist; the others wait", () => {
  const { kafka, commits, open, run } = world();
  kafka.create("t", 2, { end: 10 });
  commits.set("t/0", { offset: 5, metadata: null });
  const told = [0, 1, 2, 3].map((partition) => open("t", partition));
  run(1_000);
  expect(told.map(({ opened }) => opened.length)).toEqual([1, 1, 0, 0]);
  expect(told.map(({ troubles }) => troubles.at(-1) ?? null)).toEqual([
    null,
    null,
    "Kafka knows no such partition",
    "Kafka knows no such partition",
  ]);
});

test("latest is committed for all partitions or none, and waits for unknown ones", () => {
  const { kafka, requests, open, run } = world();
  kafka.create("t", 2, { end: 10 });
  const told = [0, 1, 2].map((partition) => open("t", partition, "latest"));
  run(1_000);
  expect(told.every(({ opened }) => opened.length === 0)).toBe(true);
  expect(requests).not.toContain("commit");
});

test("after close it reports nothing and leaves no timer", () => {
  const { time, kafka, failing, openings, open, run } = world();
  kafka.create("t");
  failing.error = new Error("no coordinator");
  const told = open("t");
  run(50);
  openings.close();
  failing.error = null;
  run(60_000);
  expect(told.opened).toEqual([]);
  expect(time.timers).toBe(0);
});

test("returns where a log starts and ends now", () => {
  const { time, kafka, openings } = world();
  kafka.create("t", 1, { start: 3, end: 9 });
  expect(time.settle(openings.logOf("t", 0), 100)).toEqual({ logStart: 3, logEnd: 9 });
  const missing = rejection(openings.logOf("none", 0));
  expect(time.settle(missing, 200)).toMatchObject({ code: "topic_missing" });
});

test("a time: all partitions begin at their first record of it or later, without one at the end; committed together", () => {
  const { time, kafka, commits, open, run } = world();
  // Each record's timestamp is its offset.
  kafka.create("t", 3, { start: 5, end: 30 });
  kafka.log("t", 1).end = 10;
  kafka.log("t", 2).start = 25;
  const startAt = new Date(20).toISOString();
  time.run(1_000);
  const told = [0, 2].map((partition) => open("t", partition, startAt));
  run(20);
  expect([...commits].map(([name, { offset }]) => `${name} ${offset}`).toSorted()).toEqual([
    "t/0 20",
    "t/1 10",
    "t/2 25",
  ]);
  expect(told.map(({ opened }) => opened[0]?.position.start)).toEqual([20, 25]);
  // From now on the commit counts.
  const again = open("t", 0, new Date(7).toISOString());
  run(20);
  expect(again.opened[0]?.position.start).toBe(20);
});

test("a time in a log without timestamps, or in the future: nothing is committed, with the reason", () => {
  const { kafka, commits, open, run } = world();
  kafka.create("t", 2, { start: 0, end: 30 });
  kafka.log("t", 1).hasTimes = false;
  kafka.create("later", 1, { start: 0, end: 30 });
  const [untimed, later] = [open("t", 0, "-5m"), open("later", 0, "2999-01-01T00:00:00Z")];
  run(60_000);
  expect(commits.size).toBe(0);
  expect(untimed.troubles.at(-1)).toContain('topic "t", partition 1: its records have no timestamps');
  expect(later.troubles.at(-1)).toContain("startAt 2999-01-01T00:00:00Z is in the future");
});
