import { afterAll, beforeAll, describe, expect, test as testOnce } from "bun:test";
import { AssignerProtocol } from "kafkajs";
import { eventually } from "../support/eventually.ts";
import { expectHeld } from "../support/expect-held.ts";
import { entryOf, nameOf, startTestMember, type TestMember } from "../support/group-member.ts";
import { connectTestKafka, type TestKafka, uniqueName } from "../support/kafka.ts";
import { testStack } from "../support/stack.ts";

let brokers: readonly string[];
let kafka: TestKafka;
/** Figures for readers of the output. */
const told = (text: string): void => void process.stderr.write(`${text}\n`);
const soon = () => AbortSignal.timeout(60_000);
/** Of the try that runs. */
const started: TestMember[] = [];
const hasLost = (): boolean => started.splice(0).some(({ lost }) => lost.length > 0);
/** A test in which nobody may lose its session of 6 s: if somebody did, it is tried again, with topics and a group of its own. */
const test = (name: string, act: () => Promise<void>, timeoutMs?: number) =>
  testOnce(
    name,
    async () => {
      started.length = 0;
      await expectHeld(act, hasLost);
    },
    timeoutMs,
  );

beforeAll(async () => {
  ({ brokers } = await testStack());
  kafka = await connectTestKafka(brokers);
});
afterAll(async () => {
  await kafka[Symbol.asyncDispose]();
});

async function topicsOf(...partitions: number[]): Promise<string[]> {
  const topics = partitions.map(() => uniqueName("member"));
  await Promise.all(topics.map((topic, n) => kafka.createTopic(topic, partitions[n])));
  return topics;
}

function memberOf(groupId: string, host: string, topics: Iterable<string>): TestMember {
  const member = startTestMember({ brokers, groupId, host });
  started.push(member);
  member.member.want(new Set(topics));
  return member;
}

const all = (topic: string, partitions: number): string[] =>
  Array.from({ length: partitions }, (_, partition) => `${topic}:${partition}`);

/** Waits until each partition has one owner, and nobody is giving one up. */
async function shared(members: readonly TestMember[], partitions: readonly string[]): Promise<void> {
  await eventually(`${partitions.length} partitions are shared by ${members.length}`, () => {
    const held = members.flatMap((member) => member.holds()).sort();
    const loads = members.map((member) => member.holds().length);
    const isEven = Math.max(...loads) - Math.min(...loads) <= 1;
    return isEven && held.join() === [...partitions].sort().join();
  });
}

describe("one member", () => {
  test("owns all partitions; a topic is added and removed while the others stay", async () => {
    const [first = "", second = ""] = await topicsOf(3, 1);
    await using host = memberOf(uniqueName("group"), "a", [first]);
    await shared([host], all(first, 3));
    expect(host.member.named).toEqual(new Set([first]));
    expect(host.member.partitionsOf(first)).toBe(3);
    const before = [...host.assigned];

    const startedMs = performance.now();
    host.member.want(new Set([first, second]));
    await shared([host], [...all(first, 3), `${second}:0`]);
    told(`a topic is added to a group of one: ${Math.round(performance.now() - startedMs)} ms`);
    host.member.want(new Set([second]));
    await shared([host], [`${second}:0`]);
    await eventually("the group reads one topic", () => host.member.named.size === 1);
    expect(host.revoked).toEqual(before);
    expect(before.every((tenure) => tenure.ended)).toBeTrue();
    expect(host.lost).toEqual([]);
    expect(host.member.trouble).toBeNull();
  }, 240_000);

  test("leaves when nothing is wanted, and comes back", async () => {
    const [topic = ""] = await topicsOf(1);
    const group = uniqueName("group");
    await using host = memberOf(group, "a", [topic]);
    await shared([host], [`${topic}:0`]);
    host.member.want(new Set());
    await eventually("the group is empty", async () => (await kafka.groups([group]))[0]?.state === "Empty");
    expect(host.member.named.size).toBe(0);
    host.member.want(new Set([topic]));
    await shared([host], [`${topic}:0`]);
  }, 240_000);

  test("commits, and is told the committed offsets", async () => {
    const [topic = "", other = ""] = await topicsOf(3, 1);
    const group = uniqueName("group");
    await using host = memberOf(group, "a", [topic]);
    await shared([host], all(topic, 3));
    const entries = host.assigned.map((tenure) => entryOf(tenure, 10 + tenure.partition));
    expect(await host.member.commit(entries, soon())).toEqual(new Map());
    expect(await kafka.committed(group, topic)).toEqual(
      new Map([
        [0, 10],
        [1, 11],
        [2, 12],
      ]),
    );
    const asked = new Map([
      [topic, [0, 2]],
      [other, [0]],
    ]);
    const committed = await host.member.committed(asked, soon());
    expect(committed.get(other)?.get(0)).toEqual({ offset: null, metadata: null });
    expect(committed.get(topic)?.size).toBe(2);
    expect(committed.get(topic)?.get(2)).toEqual({
      offset: 12,
      metadata: '{"lastRecord":{"offset":11,"timestamp":1764000000000}}',
    });
  }, 240_000);

  test("with thousands of partitions commits in several requests, each entry once", async () => {
    const [topic = ""] = await topicsOf(1_200);
    const group = uniqueName("group");
    await using host = memberOf(group, "a", [topic]);
    await eventually("all are held", () => host.holds().length === 1_200);
    expect(
      await host.member.commit(
        host.assigned.map((tenure) => entryOf(tenure, 7)),
        soon(),
      ),
    ).toEqual(new Map());
    const { partitions } = { partitions: Array.from({ length: 1_200 }, (_, partition) => partition) };
    const committed = await host.member.committed(new Map([[topic, partitions]]), soon());
    expect([...(committed.get(topic)?.values() ?? [])].every(({ offset }) => offset === 7)).toBeTrue();
    // Every start of a broker has to read them.
    await kafka.deleteTopic(topic);
  }, 480_000);

  test("names the topics that Kafka does not know, and reads them once they exist", async () => {
    const [topic = ""] = await topicsOf(1);
    const missing = uniqueName("later");
    await using host = memberOf(uniqueName("group"), "a", [topic, missing]);
    await shared([host], [`${topic}:0`]);
    expect(host.member.troubles.get(missing)).toMatchObject({ code: "kafka_refused" });
    expect(host.member.troubles.get(missing)?.message).toContain("finds no such topic");
    expect(host.member.named).toEqual(new Set([topic]));
    await kafka.createTopic(missing, 2);
    await shared([host], [`${topic}:0`, ...all(missing, 2)]);
    expect(host.member.troubles.size).toBe(0);
  }, 240_000);

  test("is listed by Kafka's tools, with its assignment", async () => {
    const [topic = ""] = await topicsOf(2);
    const group = uniqueName("group");
    await using host = memberOf(group, "a", [topic]);
    await shared([host], all(topic, 2));
    const [described] = await kafka.groups([group]);
    expect(described).toMatchObject({ state: "Stable", protocolType: "consumer", protocol: "penstock" });
    expect(described?.members).toHaveLength(1);
    const { memberAssignment, memberMetadata } = described?.members[0] ?? {};
    expect(AssignerProtocol.MemberAssignment.decode(memberAssignment ?? Buffer.alloc(0))?.assignment).toEqual(
      {
        [topic]: [0, 1],
      },
    );
    expect(AssignerProtocol.MemberMetadata.decode(memberMetadata ?? Buffer.alloc(0))?.topics).toEqual([
      topic,
    ]);
  }, 240_000);
});

describe("two members", () => {
  test("share topics of one partition; kept partitions are not disturbed when one joins, a topic comes, one leaves", async () => {
    const topics = (await topicsOf(1, 1, 1, 1, 4)).sort();
    const partitions = topics.map((topic) => `${topic}:0`);
    const group = uniqueName("group");
    await using first = memberOf(group, "a", topics);
    await eventually("the first holds all", () => first.holds().length === 8);
    expect(first.holds()).toEqual(expect.arrayContaining(partitions));
    const everything = first.holds();
    const held = new Map(first.assigned.map((tenure) => [nameOf(tenure), tenure]));

    await using second = memberOf(group, "b", topics);
    await shared([first, second], everything);
    expect(first.revoked).toHaveLength(4);
    for (const name of first.holds()) expect(held.get(name)?.ended).toBeFalse();
    expect(first.lost).toEqual([]);

    const [added = ""] = await topicsOf(1);
    const given = [...first.revoked];
    const startedMs = performance.now();
    for (const { member } of [first, second]) member.want(new Set([...topics, added]));
    await shared([first, second], [...everything, `${added}:0`]);
    told(`a topic is added to a group of two: ${Math.round(performance.now() - startedMs)} ms`);
    expect(first.revoked).toEqual(given);
    expect(second.revoked).toEqual([]);

    const leftMs = performance.now();
    await second.member.leave();
    await shared([first], [...everything, `${added}:0`]);
    told(`what a host that leaves held goes on after ${Math.round(performance.now() - leftMs)} ms`);
    for (const name of first.holds())
      if (held.has(name) && !given.some((tenure) => nameOf(tenure) === name))
        expect(held.get(name)?.ended).toBeFalse();
    expect(first.revoked).toEqual(given);
  }, 240_000);

  test("may declare different topics: a topic goes only to a member that declares it", async () => {
    const [both = "", own = ""] = await topicsOf(2, 2);
    const group = uniqueName("group");
    await using first = memberOf(group, "a", [both]);
    await shared([first], all(both, 2));
    await using second = memberOf(group, "b", [own, both]);
    await shared([first, second], [...all(both, 2), ...all(own, 2)]);
    expect(second.holds()).toEqual(all(own, 2).sort());
    expect(first.holds()).toEqual(all(both, 2).sort());
  }, 240_000);

  test("finish and commit partitions before giving them up; kept ones commit across the rebalance", async () => {
    const [topic = ""] = await topicsOf(4);
    const group = uniqueName("group");
    await using first = memberOf(group, "a", [topic]);
    await shared([first], all(topic, 4));
    const tenures = [...first.assigned];
    let offset = 0;
    const refusals: string[] = [];
    let isOver = false;
    const committing = (async () => {
      while (!isOver) {
        offset += 1;
        const alive = tenures.filter((tenure) => !tenure.ended && !first.revoked.includes(tenure));
        for (const [tenure, reason] of await first.member.commit(
          alive.map((one) => entryOf(one, offset)),
          soon(),
        ))
          if (!tenure.ended) refusals.push(reason);
        await Bun.sleep(1);
      }
    })();
    // However it ends.
    await using _over = {
      async [Symbol.asyncDispose]() {
        isOver = true;
        await committing;
      },
    };
    first.onRevoke = async (given) => {
      await Bun.sleep(700);
      expect(second.holds()).toEqual([]);
      expect(
        await first.member.commit(
          given.map((tenure) => entryOf(tenure, 1_000_000)),
          soon(),
        ),
      ).toEqual(new Map());
    };
    await using second = memberOf(group, "b", [topic]);
    await shared([first, second], all(topic, 4));
    const before = offset;
    await eventually("more is committed", () => offset > before + 3);
    isOver = true;
    await committing;
    expect(refusals).toEqual([]);
    const committed = await kafka.committed(group, topic);
    for (const { partition } of second.assigned) expect(committed.get(partition)).toBe(1_000_000);
    const ended = first.revoked[0];
    if (ended === undefined) throw new Error("nothing was given up");
    expect(await first.member.commit([entryOf(ended, 5)], soon())).toEqual(
      new Map([[ended, "TENURE_ENDED"]]),
    );
  }, 240_000);

  test("of which one is killed: its partitions continue within 8 s, and the other's stay", async () => {
    const [topic = ""] = await topicsOf(4);
    // On a busy machine all of it may take longer: then it is no proof, and tried again.
    await eventually("they continue within 8 s", async () => {
      const group = uniqueName("group");
      await using first = memberOf(group, "a", [topic]);
      await using second = memberOf(group, "b", [topic]);
      await shared([first, second], all(topic, 4));
      const kept = first.holds();
      const killedMs = performance.now();
      await second.kill();
      await shared([first], all(topic, 4));
      const ms = performance.now() - killedMs;
      told(`what a killed host held goes on after ${Math.round(ms)} ms`);
      expect(first.revoked.map(nameOf).filter((name) => kept.includes(name))).toEqual([]);
      // By its own clock, it knows that it is no longer a member.
      await eventually("the other has lost its partitions", () => second.lost.length === 2);
      expect(second.holds()).toEqual([]);
      return ms < 8_000;
    });
  }, 240_000);
});

test("added partitions are noticed, and shared", async () => {
  const [topic = ""] = await topicsOf(1);
  await using host = memberOf(uniqueName("group"), "a", [topic]);
  await shared([host], all(topic, 1));
  await kafka.addPartitions(topic, 3);
  await eventually("all are held", () => host.holds().length === 3, 45_000);
  expect(host.member.partitionsOf(topic)).toBe(3);
}, 240_000);

test("a group used by another client is named, together with that client, and joined once the client leaves", async () => {
  const [topic = ""] = await topicsOf(1);
  const group = uniqueName("group");
  const stranger = kafka.kafka.consumer({ groupId: group });
  await stranger.connect();
  await stranger.subscribe({ topics: [topic] });
  await stranger.run({ eachMessage: () => Promise.resolve() });
  await eventually("the stranger is there", async () => (await kafka.groups([group]))[0]?.state === "Stable");
  await using host = startTestMember({ brokers, groupId: group, host: "a" });
  host.member.want(new Set([topic]));
  const trouble = await eventually("it is in trouble", () => host.member.trouble);
  expect(trouble.code).toBe("kafka_refused");
  expect(trouble.message).toContain(`group ${group} is used by another client ("test" at 127.0.0.1)`);
  await stranger.disconnect();
  await shared([host], [`${topic}:0`]);
  expect(host.member.trouble).toBeNull();
}, 240_000);

test("a real broker's limit of the group's record is found by trying, and what fits is read", async () => {
  const [topic = ""] = await topicsOf(2);
  // Only the names count; it does not matter that Kafka does not know them.
  const names = Array.from({ length: 20_000 }, (_, n) => `zz-${String(n).padStart(57, "0")}`);
  await using host = memberOf(uniqueName("group"), "a", [topic, ...names]);
  // A busy machine may take the partitions away once more.
  await eventually("both are held and committed", async () => {
    const held = host.member.tenures
      .values()
      .flatMap((partitions) => partitions.values())
      .toArray();
    const entries = held.map((tenure) => entryOf(tenure, 3));
    return held.length === 2 && (await host.member.commit(entries, soon())).size === 0;
  });
  await eventually("it is in no trouble", () => host.member.trouble === null);
  expect(host.member.named).toEqual(new Set([topic]));
}, 240_000);
