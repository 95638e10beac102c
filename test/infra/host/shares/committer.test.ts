import { afterEach, beforeEach, expect, jest, test } from "bun:test";
import { type Committable, createHostCommitter } from "../../../../infra/host/shares/committer.ts";
import type { CommitEntry } from "../../../../lib/adapters/kafka/group/member/member.ts";
import { Tenure } from "../../../../lib/adapters/kafka/group/member/tenure.ts";
import { sleep } from "../../../../lib/rules/base/time.ts";
import { advance } from "../../../support/fake-time.ts";
import { rejection } from "../../../support/rejection.ts";
import { fakedTime } from "../pump/pump-world.ts";

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

const { signal } = new AbortController();

/** Topics of one partition each, of which everything below what was given to `reach` may be committed. */
function setUp() {
  const tries: Record<string, number>[] = [];
  const group = {
    failure: null as Error | null,
    refused: new Map<Tenure, string>(),
    inFlight: 0,
    most: 0,
    takesMs: 0,
  };
  const committer = createHostCommitter({
    time: fakedTime,
    async commit(entries) {
      group.most = Math.max(group.most, (group.inFlight += 1));
      tries.push(Object.fromEntries(entries.map(({ tenure, offset }) => [tenure.topic, offset])));
      await (group.takesMs === 0 ? Promise.resolve() : sleep(fakedTime, group.takesMs));
      group.inFlight -= 1;
      if (group.failure !== null) throw group.failure;
      return group.refused;
    },
  });
  const addTopic = (name: string) => {
    const tenure = new Tenure(name, 0);
    const failures: unknown[] = [];
    let [reached, done] = [0, 0];
    const topic: Committable = {
      uncommitted: (): CommitEntry[] =>
        reached > done && !tenure.ended ? [{ tenure, offset: reached, last: null }] : [],
      committed: ({ offset }) => void (done = offset),
      commitFailed: (error) => void failures.push(error),
    };
    const reach = (end: number): void => {
      reached = end;
      committer.schedule(topic);
    };
    return { tenure, topic, failures, reach };
  };
  return { committer, tries, group, addTopic };
}

test("the first commit goes out at once, later ones of all topics are gathered for half a second", async () => {
  const { tries, addTopic } = setUp();
  const [a, b] = [addTopic("a"), addTopic("b")];
  a.reach(1);
  await advance(10, 10);
  expect(tries).toEqual([{ a: 1 }]);
  a.reach(2);
  b.reach(7);
  a.reach(3);
  await advance(450);
  expect(tries).toHaveLength(1);
  await advance(50);
  expect(tries.slice(1)).toEqual([{ a: 3, b: 7 }]);
});

test("of many partitions they are gathered for longer, up to a second and a half", async () => {
  const { tries, addTopic } = setUp();
  const topics = Array.from({ length: 400 }, (_, n) => addTopic(`t${n}`));
  for (const [n, { reach }] of topics.entries()) if (n < 200) reach(1);
  await advance(10, 10);
  for (const { reach } of topics) reach(2);
  await advance(980);
  expect(tries.map((one) => Object.keys(one).length)).toEqual([200]);
  await advance(20);
  for (const { reach } of topics) reach(3);
  await advance(1_490);
  expect(tries.map((one) => Object.keys(one).length)).toEqual([200, 400]);
  await advance(10);
  expect(tries).toHaveLength(3);
});

test("what was due before another topic is flushed goes with it, what becomes due meanwhile afterwards", async () => {
  const { tries, group, committer, addTopic } = setUp();
  const [a, b] = [addTopic("a"), addTopic("b")];
  a.reach(1);
  await advance(100);
  b.reach(7);
  await advance(350);
  group.takesMs = 200;
  a.reach(2);
  const flushed = committer.flush(a.topic, undefined, signal);
  await advance(100);
  b.reach(8);
  await advance(2_000);
  await flushed;
  expect(tries).toEqual([{ a: 1 }, { a: 2, b: 7 }, { b: 8 }]);
  expect(group.most).toBe(1);
});

test("thousands that are handed over at the same time take few requests, not one each", async () => {
  const { tries, committer, group, addTopic } = setUp();
  const topics = Array.from({ length: 2_500 }, (_, n) => addTopic(`t${n}`));
  group.takesMs = 5;
  for (const { reach } of topics) reach(1);
  const flushed = Promise.all(topics.map(({ topic }) => committer.flush(topic, undefined, signal)));
  await advance(100);
  await flushed;
  expect(tries.map((entries) => Object.keys(entries).length)).toEqual([1_000, 1_000, 500]);
});

test("once it is closed, flushing ends at once", async () => {
  const { committer, tries, addTopic } = setUp();
  const a = addTopic("a");
  a.reach(1);
  committer.close();
  await committer.flush(a.topic, undefined, signal);
  await committer.flush(a.topic, undefined, signal);
  expect(tries).toEqual([]);
});

test("nothing new is not committed again", async () => {
  const { tries, committer, addTopic } = setUp();
  const { topic, reach } = addTopic("a");
  committer.schedule(topic);
  await advance(1_000);
  expect(tries).toEqual([]);
  reach(1);
  await advance(5_000);
  expect(tries).toHaveLength(1);
});

test("one that fails is told to each of its topics, and tried again each second without anybody asking", async () => {
  const { tries, group, addTopic } = setUp();
  const [a, b] = [addTopic("a"), addTopic("b")];
  group.failure = new Error("no coordinator");
  a.reach(1);
  b.reach(1);
  await advance(2_050);
  expect([a.failures.length, b.failures.length]).toEqual([3, 3]);
  group.failure = null;
  await advance(1_000);
  expect(tries).toHaveLength(4);
  await advance(5_000);
  expect(tries).toHaveLength(4);
});

test("what is refused of one topic is that topic's failure, and what left us is nobody's", async () => {
  const { tries, group, addTopic } = setUp();
  const [a, b, gone] = [addTopic("a"), addTopic("b"), addTopic("gone")];
  group.refused.set(b.tenure, "NOT_COORDINATOR").set(gone.tenure, "TENURE_ENDED");
  for (const { reach } of [a, b, gone]) reach(1);
  await advance(50);
  expect([a, b, gone].map(({ failures }) => failures.length)).toEqual([0, 1, 0]);
  group.refused.clear();
  await advance(1_000);
  expect(tries).toEqual([{ a: 1, b: 1, gone: 1 }, { b: 1 }]);
});

test("flushing waits for nothing else, and ends with its signal", async () => {
  const { committer, tries, group, addTopic } = setUp();
  const a = addTopic("a");
  a.reach(1);
  await advance(10, 10);
  a.reach(2);
  await committer.flush(a.topic, undefined, signal);
  expect(tries.at(-1)).toEqual({ a: 2 });
  group.failure = new Error("no coordinator");
  a.reach(3);
  const deadline = new AbortController();
  const flushed = rejection(committer.flush(a.topic, undefined, deadline.signal));
  await advance(2_000);
  deadline.abort();
  expect(await flushed).toMatchObject({ name: "AbortError" });
  committer.close();
});

test("goes out one request at a time, of which none is larger than a coordinator stores", async () => {
  const { tries, group, addTopic } = setUp();
  const topics = Array.from({ length: 2_500 }, (_, n) => addTopic(`t${n}`));
  for (const { reach } of topics) reach(1);
  await advance(1_000);
  expect(tries.map((entries) => Object.keys(entries).length)).toEqual([1_000, 1_000, 500]);
  expect(group.most).toBe(1);
});

test("of a topic that is forgotten, and closed, it commits nothing more", async () => {
  const { committer, tries, addTopic } = setUp();
  const [a, b] = [addTopic("a"), addTopic("b")];
  a.reach(1);
  committer.forget(a.topic);
  await advance(1_000);
  b.reach(1);
  committer.close();
  b.reach(2);
  await advance(5_000);
  expect(tries).toEqual([]);
});

test("one that moves a position goes alone: after what is under way, and before what follows", async () => {
  const { committer, tries, group, addTopic } = setUp();
  const [a, b] = [addTopic("a"), addTopic("b")];
  group.takesMs = 100;
  a.reach(1);
  await advance(10, 10);
  const moved = committer.alone({ tenure: b.tenure, offset: 7, last: null }, signal);
  b.reach(9);
  await advance(100, 10);
  expect(tries).toEqual([{ a: 1 }, { b: 7 }]);
  await advance(1_000, 10);
  expect(await moved).toBeNull();
  expect([tries.slice(2), group.most]).toEqual([[{ b: 9 }], 1]);
  group.refused = new Map([[b.tenure, "TENURE_ENDED"]]);
  const refused = committer.alone({ tenure: b.tenure, offset: 3, last: null }, signal);
  await advance(100, 10);
  expect(await refused).toBe("TENURE_ENDED");
});
