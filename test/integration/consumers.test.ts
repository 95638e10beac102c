import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { TopicStatus } from "../../lib/rules/progress/status.ts";
import { eventually } from "../support/eventually.ts";
import { startTestHost, type TestHost } from "../support/host.ts";
import { uniqueName } from "../support/kafka.ts";
import { expectSameMembers } from "../support/reload.ts";
import { useStack } from "../support/stack-clients.ts";

const run = uniqueName("con");
const names = { steady: `${run}.steady`, grows: `${run}.grows`, goes: `${run}.goes`, comes: `${run}.comes` };

const servers = useStack();

const lines = (count: number, from = 0) =>
  Array.from({ length: count }, (_, n) => ({ value: `line ${from + n}` }));
const isRunning = ({ state }: TopicStatus): boolean => state === "running";
const ownedBy = ({ partitions }: TopicStatus): number => partitions.filter(({ owned }) => owned).length;

/** The messages of all documents of an index. */
async function messagesOf(index: string): Promise<Set<unknown>> {
  const found = await servers.elasticsearch.documents(index);
  return new Set(found.map(({ _source }) => _source["message"]));
}

/** Between two rebalances: another topic of a host, just told to join, begins one. */
function members() {
  return eventually("the group is stable", async () => {
    const [group] = await servers.kafka.groups([servers.config.kafka.group]);
    if (group?.state !== "Stable") return null;
    return { state: group.state, ids: group.members.map(({ memberId }) => memberId).toSorted() };
  });
}

describe("topics of one host come, go and grow", () => {
  let host: TestHost;
  /** The members of the group before anything happened to the other topics. */
  let steady: Awaited<ReturnType<typeof members>>;

  beforeAll(async () => {
    await Promise.all(
      [names.steady, names.grows, names.goes].map((topic) => servers.kafka.createTopic(topic)),
    );
    host = await startTestHost({
      ...servers.config,
      topics: [...Object.values(names), { pattern: `${run}.many-*` }],
    });
    await host.untilTopic(names.steady, "runs", isRunning);
    steady = await members();
  }, 240_000);
  afterAll(() => host[Symbol.asyncDispose]());

  test("the group has one member for all topics", () => {
    expect(steady).toMatchObject({ state: "Stable" });
    expect(steady.ids).toHaveLength(1);
  });

  test("a topic that does not exist is pending, and starts by itself once it does", async () => {
    const { reason } = await host.untilTopic(names.comes, "waits", ({ state }) => state === "pending");
    expect(reason).toBe("it does not exist in Kafka; it starts once it does");
    await servers.kafka.createTopic(names.comes);
    await servers.kafka.produce(names.comes, lines(3));
    await host.untilIndexed(names.comes, 3);
  }, 240_000);

  test("a pattern picks up a new topic", async () => {
    const topic = `${run}.many-1`;
    await servers.kafka.createTopic(topic);
    await servers.kafka.produce(topic, lines(3));
    await host.untilIndexed(topic, 3);
    await servers.kafka.deleteTopic(topic);
    await eventually(
      "the pattern covers nothing any more",
      async () => !(await host.topics()).some((status) => status.topic === topic),
    );
  }, 240_000);

  test("a deleted topic waits, and is read from its start when it is created again (logstash-input-kafka#192)", async () => {
    const topic = names.goes;
    await servers.kafka.produce(topic, lines(5));
    await host.untilIndexed(topic, 5);
    await servers.kafka.deleteTopic(topic);
    await host.untilTopic(topic, "waits", ({ state }) => state === "pending");
    await servers.kafka.createTopic(topic);
    await servers.kafka.produce(topic, lines(7, 5));
    await host.untilIndexed(topic, 12);
    expect(await servers.elasticsearch.count(topic)).toBe(12);
  }, 240_000);

  test("added partitions are noticed, and read from their earliest record", async () => {
    const topic = names.grows;
    await servers.kafka.produce(topic, lines(2));
    await host.untilIndexed(topic, 2);
    await servers.kafka.addPartitions(topic, 3);
    const all = [1, 2].flatMap((partition) => lines(4).map(({ value }) => ({ value, partition })));
    await servers.kafka.produce(topic, all);
    // The producer may have written some twice: it retries while a new partition has no leader.
    const ends = await servers.kafka.ends(topic);
    const written = ends.values().reduce((sum, end) => sum + end, 0);
    expect(new Set(ends.keys())).toEqual(new Set([0, 1, 2]));
    expect(written).toBeGreaterThanOrEqual(10);
    const { partitions } = await host.untilIndexed(topic, written, 60_000);
    expect(await servers.elasticsearch.count(topic)).toBe(written);
    expect(partitions.map(({ partition, owned }) => ({ partition, owned }))).toEqual([
      { partition: 0, owned: true },
      { partition: 1, owned: true },
      { partition: 2, owned: true },
    ]);
  }, 360_000);

  test("meanwhile the other topic's group kept its one member (opentelemetry-collector#14529, logstash#14332, fluent-bit#9354, vector#24314)", async () => {
    const isSame = await expectSameMembers(servers, steady.ids, host);
    const stayed = await host.untilTopic(names.steady, "runs", isRunning);
    const joined = await host.untilTopic(names.goes, "runs", isRunning);
    if (isSame) expect(Date.parse(stayed.since)).toBeLessThan(Date.parse(joined.since));
  });
});

describe("a group's start position", () => {
  test("latest is pinned when the topic starts, earliest reads everything", async () => {
    const [late, early] = [uniqueName("late"), uniqueName("early")];
    await Promise.all([late, early].map((topic) => servers.kafka.createTopic(topic, 2)));
    const before = [0, 1].flatMap((partition) => lines(5).map(({ value }) => ({ value, partition })));
    await Promise.all([late, early].map((topic) => servers.kafka.produce(topic, before)));
    const config = {
      ...servers.config,
      topics: [
        { topic: late, startAt: "latest" },
        { topic: early, startAt: "earliest" },
      ],
    };
    {
      await using host = await startTestHost(config);
      await host.untilIndexed(early, 10);
      await host.untilTopic(late, "runs", isRunning);
      expect(await host.stop()).toBe(0);
    }
    // No consumer reads now, and nothing was ever indexed: only the pin holds the position.
    await servers.kafka.produce(late, [{ value: "while it was down", partition: 0 }]);
    await using again = await startTestHost(config);
    await again.untilTopic(late, "runs", isRunning);
    await servers.kafka.produce(late, [{ value: "while it runs", partition: 1 }]);
    await again.untilIndexed(late, 2);
    expect(await messagesOf(late)).toEqual(new Set(["while it runs", "while it was down"]));
    expect(await servers.elasticsearch.count(early)).toBe(10);
  }, 240_000);
});

/** Tests see 10,000 documents at most, and the producer sends some again if an answer is late. */
const LINES = 9_000;

describe("two hosts", () => {
  test.each(["SIGTERM", "SIGKILL"] as const)(
    "share a topic; after %s of one nothing is lost or doubled",
    async (end) => {
      const topic = uniqueName("shared");
      await servers.kafka.createTopic(topic, 4);
      const config = { ...servers.config, topics: [topic] };
      await using first = await startTestHost(config);
      await first.untilTopic(topic, "runs", isRunning);
      await using second = await startTestHost(config);
      const half = "owns two partitions";
      await Promise.all([first, second].map((host) => host.untilTopic(topic, half, (s) => ownedBy(s) === 2)));
      expect((await members()).ids).toHaveLength(2);

      const producing = (async () => {
        for (let from = 0; from < LINES; from += 200) await servers.kafka.produce(topic, lines(200, from));
      })();
      await first.untilTopic(topic, "is in the middle", ({ counts }) => counts.indexed > 500);
      first.signal(end);
      const code = await first.exited;
      if (end === "SIGTERM") expect(code).toBe(0);
      await producing;
      await second.untilTopic(
        topic,
        "has all partitions and no lag",
        (status) => ownedBy(status) === 4 && status.partitions.every(({ lag }) => lag === 0),
        60_000,
      );
      expect((await messagesOf(topic)).size).toBe(LINES);
      expect(await servers.elasticsearch.count(topic)).toBe(await servers.kafka.written(topic));
    },
    480_000,
  );
});

test("a topic created again with fewer partitions is read, and the host stops cleanly", async () => {
  const topic = uniqueName("fewer");
  await servers.kafka.createTopic(topic, 4);
  const config = { ...servers.config, kafka: { ...servers.config.kafka, group: uniqueName("fewer") } };
  await using host = await startTestHost({ ...config, topics: [topic] });
  await servers.kafka.produce(
    topic,
    [0, 1, 2, 3].map((partition) => ({ value: "a line", partition })),
  );
  await host.untilIndexed(topic, 4);
  await servers.kafka.deleteTopic(topic);
  await servers.kafka.createTopic(topic, 2);
  await servers.kafka.produce(
    topic,
    [0, 1].map((partition) => ({ value: "a line", partition })),
  );
  await host.untilIndexed(topic, 6);
  expect(await host.stop()).toBe(0);
}, 240_000);
