import { expect } from "bun:test";
import { PenstockError } from "../../../lib/rules/base/errors.ts";
import { alone, pair, untilRebalance } from "./group-rules.ts";
import {
  coordinatorOf,
  fetchFrom,
  newMember,
  NOT_YET,
  QUESTION,
  subscription,
  told,
  wanted,
  type ClusterRule,
  type ConformanceCluster,
  type HandMember,
} from "./world.ts";

const LONG = { sessionTimeoutMs: 30_000, rebalanceTimeoutMs: 30_000 };
/** Kills it, and waits until each of them has found another coordinator that has loaded the group. */
async function killCoordinator(
  cluster: ConformanceCluster,
  ...members: readonly HandMember[]
): Promise<void> {
  const before = members[0]?.to ?? -1;
  await cluster.kill(before);
  for (const member of members)
    for (;;) {
      const now = await member.seek();
      // While it loads, heartbeats are answered without a check.
      if (now !== before && (await hasLoaded(member, now))) break;
      await cluster.sleep(100);
    }
}

async function hasLoaded({ wire, groupId }: HandMember, nodeId: number): Promise<boolean> {
  try {
    const { error } = await wire.call(nodeId, "OffsetFetch", { groupId, topics: [] }, QUESTION);
    return error === null || !NOT_YET.has(error);
  } catch (error) {
    if (error instanceof PenstockError) return false;
    throw error;
  }
}

async function leaderOf(cluster: ConformanceCluster, topic: string): Promise<number> {
  const wire = cluster.openWire();
  for (;;) {
    const { topics } = await wire.call(null, "Metadata", { topics: [topic] }, QUESTION);
    const leader = topics[0]?.partitions[0]?.leader ?? -1;
    if (leader !== -1) return leader;
    await cluster.sleep(100);
  }
}

export const clusterRules: Readonly<Record<string, ClusterRule>> = {
  "a group that was empty waits for others before its first generation; it leads who comes first": async (
    world,
  ) => {
    const groupId = world.groupId();
    const [first, second] = [await newMember(world, groupId), await newMember(world, groupId)];
    const began = world.monotonicMs();
    const joining = first.join("one");
    // Long enough for a real broker on a busy machine to see it first.
    await world.sleep(world.initialRebalanceDelayMs / 2);
    const [one, two] = await Promise.all([joining, second.join("two")]);
    expect(world.monotonicMs() - began).toBeGreaterThan(world.initialRebalanceDelayMs * 0.9);
    expect(one).toMatchObject({ error: null, generation: 1, protocol: "penstock", leader: first.memberId });
    expect(two).toMatchObject({ error: null, generation: 1, leader: first.memberId, members: [] });
    const members = [...one.members].sort((a, b) => (a.metadata.toString() < b.metadata.toString() ? -1 : 1));
    expect(members).toEqual([
      { memberId: first.memberId, metadata: subscription("one") },
      { memberId: second.memberId, metadata: subscription("two") },
    ]);
  },

  "a broker that does not coordinate the group says so to whatever it is asked": async (cluster) => {
    const { topic } = await cluster.createTopic(1);
    const groupId = cluster.groupId();
    const { memberId, generation, wire } = await alone(cluster, groupId, LONG);
    const to = await coordinatorOf(cluster, wire, groupId);
    const token = { groupId, memberId, generation };
    const topics = [{ topic, partitions: [{ partition: 0, offset: 1, metadata: null }] }];
    for (const other of cluster.nodeIds.filter((nodeId) => nodeId !== to)) {
      const errors = [
        (await wire.call(other, "Heartbeat", token, QUESTION)).error,
        (await wire.call(other, "SyncGroup", { ...token, assignments: [] }, QUESTION)).error,
        (await wire.call(other, "LeaveGroup", token, QUESTION)).error,
        (await wire.call(other, "OffsetFetch", { groupId, topics: [{ topic, partitions: [0] }] }, QUESTION))
          .error,
        (await wire.call(other, "OffsetCommit", { ...token, topics }, QUESTION)).topics[0]?.partitions[0]
          ?.error,
      ];
      expect(errors).toEqual(errors.map(() => "NOT_COORDINATOR_FOR_GROUP"));
    }
  },

  "a group goes on as it was when its coordinator is killed": async (cluster) => {
    const { topic } = await cluster.createTopic(1);
    const [leader, other] = await pair(cluster, cluster.groupId(), LONG);
    expect(await other.commit(topic, 7)).toBeNull();
    await killCoordinator(cluster, leader, other);
    expect(await leader.heartbeat()).toBeNull();
    expect(await other.heartbeat()).toBeNull();
    expect((await other.sync()).assignment).toEqual(Buffer.from(`for ${other.memberId}`));
    const { wire, groupId, to } = leader;
    const topics = [{ topic, partitions: [0] }];
    const committed = await wire.call(to, "OffsetFetch", { groupId, topics }, QUESTION);
    expect(committed.topics[0]?.partitions[0]?.offset).toBe(7);
    expect(await other.commit(topic, 8)).toBeNull();
  },

  "a rebalance is forgotten with the coordinator that prepared it": async (cluster) => {
    const groupId = cluster.groupId();
    const leader = await alone(cluster, groupId, LONG);
    const other = await newMember(cluster, groupId, LONG);
    const joining = other.join().catch(() => "lost");
    await untilRebalance(cluster, leader);
    await killCoordinator(cluster, leader, other);
    expect(await joining).toBe("lost");
    expect(await leader.heartbeat()).toBeNull();
    // It was never written.
    expect((await other.join()).error).toBe("UNKNOWN_MEMBER_ID");
  },

  "a generation that was not complete is forgotten with its coordinator, and its number given again": async (
    cluster,
  ) => {
    const { topic } = await cluster.createTopic(1);
    const leader = await alone(cluster, cluster.groupId(), LONG);
    expect((await leader.join("more")).generation).toBe(2);
    await killCoordinator(cluster, leader);
    expect(await leader.heartbeat(2)).toBe("ILLEGAL_GENERATION");
    expect((await leader.sync()).error).toBe("ILLEGAL_GENERATION");
    expect(await leader.commit(topic, 3, 1)).toBeNull();
    expect(await leader.join("even more")).toMatchObject({ error: null, generation: 2 });
  },

  "a killed broker is named no more, another leads; it returns without fetch sessions": async (cluster) => {
    const { topic, leader } = await cluster.createTopic(1);
    await cluster.produce(topic, 0, 2);
    const wire = cluster.openWire();
    const { sessionId } = await fetchFrom(wire, leader, {
      sessionEpoch: 0,
      topics: wanted(topic, { 0: 2 }),
    });
    await cluster.kill(leader);
    let next = leader;
    for (; next === leader; next = await leaderOf(cluster, topic)) await cluster.sleep(100);
    const isNamed = async (): Promise<boolean> => {
      const { brokers } = await wire.call(null, "Metadata", { topics: [] }, QUESTION);
      return brokers.some(({ nodeId }) => nodeId === leader);
    };
    while (await isNamed()) await cluster.sleep(100);
    const ask = async () => told(await fetchFrom(wire, next, { topics: wanted(topic, { 0: 2 }) })).get(0);
    // It may show less than its predecessor, until the followers have reported their positions.
    for (let answer = await ask(); answer?.highWatermark !== 2; answer = await ask()) {
      expect(answer).toMatchObject({ error: null, records: null });
      await cluster.sleep(20);
    }
    await cluster.heal();
    expect((await fetchFrom(wire, leader, { sessionId, sessionEpoch: 1 })).error).toBe(
      "FETCH_SESSION_ID_NOT_FOUND",
    );
    // It is a follower now and serves consumers as before; only the leader reports the log's end.
    const follower = told(await fetchFrom(wire, leader, { topics: wanted(topic, { 0: 0 }) })).get(0);
    expect(follower).toMatchObject({ error: null, highWatermark: 2 });
    expect(follower?.records).not.toBeNull();
    if ((await leaderOf(cluster, topic)) === leader) return;
    const ends = await wire.call(
      leader,
      "ListOffsets",
      { at: "latest", topics: [{ topic, partitions: [0] }] },
      QUESTION,
    );
    expect(ends.topics[0]?.partitions[0]?.error).toBe("NOT_LEADER_FOR_PARTITION");
  },

  "a long poll ends when the broker holds the partition no more": async (cluster) => {
    const { topic, leader } = await cluster.createTopic(1);
    await cluster.produce(topic, 0, 1);
    const wire = cluster.openWire();
    const polling = fetchFrom(wire, leader, { maxWaitMs: 30_000, topics: wanted(topic, { 0: 1 }) });
    await cluster.sleep(300);
    const to = cluster.nodeIds.find((nodeId) => nodeId !== leader) ?? -1;
    await cluster.reassign(topic, 0, to);
    expect(told(await polling).get(0)?.error).toBe("NOT_LEADER_FOR_PARTITION");
    while ((await leaderOf(cluster, topic)) !== to) await cluster.sleep(100);
    await cluster.produce(topic, 0, 1);
    const answer = told(await fetchFrom(wire, to, { topics: wanted(topic, { 0: 1 }) })).get(0);
    expect(answer).toMatchObject({ error: null, highWatermark: 2 });
  },
};
