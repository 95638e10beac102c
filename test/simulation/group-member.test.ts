import { describe, expect, test } from "bun:test";
import { median } from "../../infra/bench/kit/median.ts";
import { Tenure } from "../../lib/adapters/kafka/group/member/tenure.ts";
import type { KafkaCalls } from "../../lib/adapters/kafka/protocol/wire.ts";
import { createGroupWorld, GROUP, type GroupWorld, type SimulatedMember } from "./group-world.ts";
import { rounds } from "../support/rounds.ts";

const TOPICS = Array.from({ length: 12 }, (_, n) => `topic-${n}`);
const PARTITIONS = TOPICS.flatMap((topic, n) =>
  Array.from({ length: 1 + (n % 3) }, (_, p) => `${topic}:${p}`),
);

function makeTopics({ kafka, time }: GroupWorld): void {
  for (const [n, topic] of TOPICS.entries()) kafka.createTopic(topic, 1 + (n % 3));
  time.run(time.monotonicMs() + 2_500);
}

/** Each partition has one owner, and loads differ by at most one. */
function isShared(members: readonly SimulatedMember[], partitions: readonly string[] = PARTITIONS): boolean {
  const loads = members.map((member) => member.holds().length);
  return (
    Math.max(...loads) - Math.min(...loads) <= 1 &&
    members
      .flatMap((member) => member.holds())
      .sort()
      .join() === [...partitions].sort().join()
  );
}

function pairOf(
  seed: number,
): GroupWorld & { readonly first: SimulatedMember; readonly second: SimulatedMember } {
  const world = createGroupWorld(seed);
  makeTopics(world);
  const [first, second] = [world.start("a", TOPICS), world.start("b", TOPICS)];
  world.until("they share all", () => isShared([first, second]));
  world.time.run(world.time.monotonicMs() + 2_000);
  return { ...world, first, second };
}

describe("two members:", () => {
  test("one frozen beyond its session finds everything lost, commits nothing more of it, and comes back", () => {
    const { first, second, time, until, wrong } = pairOf(1);
    const held = [...second.member.tenures.values()].flatMap((own) => Array.from(own.values()));
    second.process.freeze();
    until("the first has all", () => isShared([first]), 8_000);
    time.run(time.monotonicMs() + 20_000);
    second.process.thaw();
    expect(held.every((tenure) => tenure.ended)).toBeFalse();
    until("the second has lost all", () => second.lost.length === held.length, 400);
    expect(held.every((tenure) => tenure.ended)).toBeTrue();
    until("they share all again", () => isShared([first, second]));
    expect(first.lost).toEqual([]);
    expect(wrong).toEqual([]);
  });

  test("neither loses anything while the coordinator is killed and another takes over", () => {
    const { first, second, kafka, time, until, commits, wrong } = pairOf(2);
    const before = [first.holds(), second.holds()];
    const coordinator = kafka.coordinatorOf(GROUP);
    kafka.kill(coordinator);
    until("another coordinates", () => ![coordinator, -1].includes(kafka.coordinatorOf(GROUP)), 20_000);
    time.run(time.monotonicMs() + 5_000);
    const { count } = commits;
    until("commits go on", () => commits.count > count + 20, 5_000);
    expect([first.holds(), second.holds()]).toEqual(before);
    expect([...first.lost, ...second.lost]).toEqual([]);
    expect(first.member.trouble).toBeNull();
    expect(wrong).toEqual([]);
  });

  test("one that cannot reach Kafka gives everything up by its own clock", () => {
    const { second, kafka, until } = pairOf(3);
    const count = second.holds().length;
    for (const nodeId of kafka.nodeIds) kafka.kill(nodeId);
    until("all is lost", () => second.lost.length === count, 9_000);
    expect(second.holds()).toEqual([]);
    until("it says so", () => second.member.trouble?.code === "kafka_unavailable", 5_000);
  });

  test("the leader's death leaves no generation in which a topic is named by nobody", () => {
    const world = createGroupWorld(4);
    const many = Array.from({ length: 150 }, (_, n) => `many-${n}`);
    for (const topic of many) world.kafka.createTopic(topic, 1);
    world.time.run(2_500);
    const partitions = many.map((topic) => `${topic}:0`);
    const [first, second] = [world.start("a", many), world.start("b", many)];
    world.until("they share all", () => isShared([first, second], partitions));
    for (const [gone, other] of [
      [first, second],
      [second, first],
    ] as const) {
      gone.process.freeze();
      world.until("the other has all", () => isShared([other], partitions), 8_000);
      gone.process.thaw();
      world.until("they share all again", () => isShared([first, second], partitions));
    }
    expect(world.wrong).toEqual([]);
  });
});

test("topics that do not fit into the group's record are left out, with a reason; running ones continue", () => {
  const world = createGroupWorld(5, { maxGroupRecordBytes: 100_000 });
  const { kafka, time, until } = world;
  const long = (n: number): string => `${String(n).padStart(4, "0")}-${"x".repeat(200)}`;
  const topics = Array.from({ length: 400 }, (_, n) => long(n));
  for (const topic of topics) kafka.createTopic(topic, 1);
  time.run(2_500);
  const runs = topics.slice(300, 350);
  const host = world.start("a", runs);
  until("it reads what fits", () => host.holds().length === 50);
  const before = [...host.member.tenures.values()].flatMap((own) => Array.from(own.values()));
  host.member.want(new Set(topics));
  until("it reads as much as fits", () => host.member.named.size > 100);
  time.run(time.monotonicMs() + 5_000);
  const left = topics.filter((topic) => !host.member.named.has(topic));
  expect(host.holds()).toHaveLength(400 - left.length);
  expect(before.some((tenure) => tenure.ended)).toBeFalse();
  expect(left.length).toBeGreaterThan(100);
  expect(left).toEqual(topics.filter((topic) => !runs.includes(topic)).slice(-left.length));
  expect([...host.member.troubles.keys()].sort()).toEqual(left);
  const trouble = host.member.troubles.get(long(399));
  expect(trouble?.code).toBe("kafka_refused");
  expect(trouble?.message).toMatch(
    /no room for it and \d+ other topics: .* needs 1\d{5} bytes in one record of __consumer_offsets, but Kafka accepts about \d{5}: raise max\.message\.bytes/,
  );
  expect(host.member.trouble).toBeNull();
  host.member.want(new Set(topics.slice(0, 60)));
  until("all is well", () => host.member.troubles.size === 0 && host.holds().length === 60);
});

test("a refusal by the group is a trouble until it is repaired", () => {
  const world = createGroupWorld(6);
  makeTopics(world);
  let refusal: string | null = "GROUP_AUTHORIZATION_FAILED";
  world.kafka.control = ({ api }) => {
    if (api !== "JoinGroup" || refusal === null) return undefined;
    return { error: refusal, generation: -1, protocol: "", leader: "", memberId: "", members: [] };
  };
  const host = world.start("a", TOPICS);
  for (const [error, words] of [
    ["GROUP_AUTHORIZATION_FAILED", "allow Read and Describe on it"],
    ["GROUP_MAX_SIZE_REACHED", "group.max.size"],
    ["INVALID_SESSION_TIMEOUT", "group.min.session.timeout.ms"],
    ["INCONSISTENT_GROUP_PROTOCOL", "is used by another client"],
  ] as const) {
    refusal = error;
    world.until(error, () => host.member.trouble?.message.includes(words) === true, 15_000);
    expect(host.member.trouble?.code).toBe("kafka_refused");
  }
  refusal = null;
  world.until("it is mended", () => isShared([host]), 15_000);
  expect(host.member.trouble).toBeNull();
});

test("what there is no room for is named by nobody: as much is read as fits", () => {
  const world = createGroupWorld(7, { maxGroupRecordBytes: 100_000 });
  const topics = Array.from({ length: 300 }, (_, n) => `${String(n).padStart(4, "0")}-${"x".repeat(190)}`);
  for (const topic of topics) world.kafka.createTopic(topic, 1);
  world.time.run(2_500);
  const host = world.start("a", topics);
  world.until("it reads some", () => host.holds().length > 0);
  world.time.run(world.time.monotonicMs() + 5_000);
  // Each takes some 400 bytes, and the limit is found by trying.
  expect(host.holds().length).toBeGreaterThan(220);
});

test("a group whose broker assigns partitions is left at once, and joined once it is free", () => {
  const world = createGroupWorld(8);
  makeTopics(world);
  let isOthers = true;
  let leaves = 0;
  world.kafka.control = ({ api }) => {
    if (api === "LeaveGroup") leaves += 1;
    if (api !== "JoinGroup" || !isOthers) return undefined;
    return { error: null, generation: 3, protocol: "penstock", leader: "", memberId: "m", members: [] };
  };
  const host = world.start("a", TOPICS);
  world.until("it says why", () => host.member.trouble !== null, 15_000);
  expect(host.member.trouble).toMatchObject({
    code: "kafka_refused",
    message: expect.stringContaining(
      "consumers of Kafka's newer protocol (group.protocol=consumer)",
    ) as string,
  });
  expect(leaves).toBe(1);
  isOthers = false;
  world.until("it is free", () => isShared([host]), 15_000);
  expect(host.member.trouble).toBeNull();
});

test("offsets that are too large together are committed in parts", () => {
  const world = createGroupWorld(9);
  world.kafka.createTopic("many", 100);
  world.time.run(2_500);
  const host = world.start("a", ["many"]);
  world.until("it has all", () => host.holds().length === 100);
  const sizes: number[] = [];
  const taken = new Set<number>();
  world.kafka.control = ({ api, request }) => {
    if (api !== "OffsetCommit") return undefined;
    const { topics } = request as KafkaCalls["OffsetCommit"]["request"];
    const asked = topics.flatMap(({ partitions }) => partitions.map(({ partition }) => partition));
    sizes.push(asked.length);
    if (asked.length > 40)
      return {
        topics: [{ topic: "many", partitions: asked.map((partition) => ({ partition, error: "UNKNOWN" })) }],
      };
    for (const partition of asked) taken.add(partition);
    return undefined;
  };
  world.until("all is committed", () => taken.size === 100, 15_000);
  expect(sizes.slice(0, 6)).toEqual([100, 50, 25, 25, 25, 25]);
  expect(host.member.troubles.size).toBe(0);
});

test("an offset determined now is not committed after a rebalance, or through another coordinator", async () => {
  const world = createGroupWorld(10);
  makeTopics(world);
  const host = world.start("a", TOPICS);
  world.until("it has all", () => isShared([host]));
  for (const error of ["REBALANCE_IN_PROGRESS", "NOT_COORDINATOR_FOR_GROUP"]) {
    const anothers = new Tenure("topic-1", 1);
    const [topic, partition] = [anothers.topic, anothers.partition];
    let sent = 0;
    world.kafka.control = ({ api, request }) => {
      if (api !== "OffsetCommit" || sent > 0) return undefined;
      const { topics } = request as KafkaCalls["OffsetCommit"]["request"];
      if (topics[0]?.partitions[0]?.offset !== 77) return undefined;
      sent += 1;
      return { topics: [{ topic, partitions: [{ partition, error }] }] };
    };
    const entry = { tenure: anothers, offset: 77, last: null, once: true };
    let refused: ReadonlyMap<unknown, string> | null = null;
    const committing = host.member.commit([entry], new AbortController().signal);
    void committing.then((answer) => (refused = answer));
    world.until("it is answered", () => refused !== null, 15_000);
    expect(await committing).toEqual(new Map([[anothers, error]]));
    expect(sent).toBe(1);
    world.until("it is well", () => isShared([host]));
  }
});

/** Random faults for three members and three brokers. */
function play(seed: number): GroupWorld {
  const world = createGroupWorld(seed);
  const { random, kafka, time, members } = world;
  makeTopics(world);
  for (const name of ["a", "b", "c"]) world.start(name, TOPICS);
  const any = <T>(list: readonly T[]): T | undefined => list[Math.floor(random.next() * list.length)];
  for (let act = 0; act < 12; act += 1) {
    time.run(time.monotonicMs() + 200 + random.next() * 4_000);
    const member = any(members);
    const nodeId = any(kafka.nodeIds) ?? 0;
    const dice = Math.floor(random.next() * 9);
    if (dice === 0) member?.member.want(new Set(TOPICS.filter(() => random.next() < 0.7)));
    if (dice === 1) member?.process.freeze();
    if (dice === 2) for (const one of members) one.process.thaw();
    if (dice === 3) kafka.kill(nodeId);
    if (dice === 4) kafka.start(nodeId);
    if (dice === 5) kafka.breakConnections(member?.name ?? null, null);
    if (dice === 6) kafka.moveCoordinator(GROUP, nodeId);
    if (dice === 7) kafka.freeze(nodeId, 3_000 + random.next() * 10_000);
    if (dice === 8) kafka.loseAnswerOneIn = random.next() < 0.5 ? 0 : 20;
  }
  kafka.loseAnswerOneIn = 0;
  kafka.heal();
  for (const one of members) {
    one.process.thaw();
    one.member.want(new Set(TOPICS));
  }
  world.until(`all is shared again, seed ${seed}`, () => isShared(members), 90_000);
  time.run(time.monotonicMs() + 5_000);
  return world;
}

test("after any faults everything is shared evenly again, and nobody commits for another's partition", () => {
  const seeds = Number(process.env["PENSTOCK_GROUP_SEEDS"] ?? rounds(8, 3));
  for (let seed = 100; seed < 100 + seeds; seed += 1) {
    const { members, wrong, commits } = play(seed);
    if (wrong.length > 0 || !isShared(members))
      throw new Error(`seed ${seed}: ${wrong.join("; ") || "not shared"}`);
    expect(commits.count).toBeGreaterThan(50);
  }
});

test("what is wanted is told at once, and what comes to be wanted meanwhile by few more joins", () => {
  const world = createGroupWorld(7);
  makeTopics(world);
  const host = world.start("a", TOPICS.slice(0, 2));
  world.until("it reads", () => host.member.tenures.size === 2);
  world.time.run(world.time.monotonicMs() + 2_000);
  const joinedMs: number[] = [];
  world.kafka.control = ({ api }) => {
    if (api === "JoinGroup") joinedMs.push(world.time.monotonicMs());
    return undefined;
  };
  const wantedMs = world.time.monotonicMs();
  for (let count = 3; count <= TOPICS.length; count += 1) {
    host.member.want(new Set(TOPICS.slice(0, count)));
    world.time.run(world.time.monotonicMs() + 1);
  }
  world.until("it reads all", () => isShared([host]));
  expect((joinedMs[0] ?? Infinity) - wantedMs).toBeLessThan(3);
  expect(joinedMs.length).toBeLessThanOrEqual(4);
});

test("a topic that not all brokers know yet is assigned as soon as they do", () => {
  const tookMs = Array.from({ length: 15 }, (_, seed) => {
    const world = createGroupWorld(100 + seed);
    makeTopics(world);
    const host = world.start("a", TOPICS);
    world.until("it reads", () => isShared([host]));
    world.time.run(world.time.monotonicMs() + 2_000 + 70 * seed);
    world.kafka.createTopic("fresh", 1);
    const wantedMs = world.time.monotonicMs();
    host.member.want(new Set([...TOPICS, "fresh"]));
    world.until("it reads the fresh one too", () => host.member.tenures.has("fresh"));
    return world.time.monotonicMs() - wantedMs;
  });
  expect(median(tookMs)).toBeLessThan(100);
});
