import { expect } from "bun:test";
import { newMember, subscription, type ConformanceWorld, type HandMember, type Rule } from "./world.ts";

/** Longer than any call of these rules may take: what ends sooner did not wait for it. */
const NEVER_MS = 30_000;
/** As short as a busy machine allows: within it, all members must have joined again. */
const REBALANCE_MS = 3_000;
const QUICK_REBALANCE = { rebalanceTimeoutMs: REBALANCE_MS, sessionTimeoutMs: NEVER_MS };

/** A group with one member, its first generation complete. */
export async function alone(world: ConformanceWorld, groupId: string, options = {}): Promise<HandMember> {
  const member = await newMember(world, groupId, options);
  expect((await member.join()).error).toBeNull();
  expect((await member.sync(new Map([[member.memberId, "all"]]))).error).toBeNull();
  return member;
}

/** A leader and another member, in one complete generation. */
export async function pair(
  world: ConformanceWorld,
  groupId: string,
  options = {},
): Promise<readonly [HandMember, HandMember]> {
  const leader = await alone(world, groupId, options);
  const other = await newMember(world, groupId, options);
  const joining = other.join();
  await untilRebalance(world, leader);
  expect((await leader.join()).error).toBeNull();
  expect((await joining).error).toBeNull();
  await share(leader, [leader, other]);
  expect((await other.sync()).assignment).toEqual(Buffer.from(`for ${other.memberId}`));
  return [leader, other];
}

/** The leader assigns. */
export async function share(leader: HandMember, members: readonly HandMember[]): Promise<void> {
  const assignments = new Map(members.map(({ memberId }) => [memberId, `for ${memberId}`]));
  expect((await leader.sync(assignments)).error).toBeNull();
}

/** With heartbeats. */
export async function untilRebalance(world: ConformanceWorld, member: HandMember): Promise<void> {
  while ((await member.heartbeat()) !== "REBALANCE_IN_PROGRESS") await world.sleep(20);
}

export const groupRules: Readonly<Record<string, Rule>> = {
  "a member that is alone and joins again has its next generation at once": async (world) => {
    const member = await alone(world, world.groupId(), { rebalanceTimeoutMs: NEVER_MS });
    const began = world.monotonicMs();
    expect(await member.join("other topics")).toMatchObject({
      error: null,
      generation: 2,
      leader: member.memberId,
    });
    expect(world.monotonicMs() - began).toBeLessThan(300 + world.lateMs);
  },

  "a join waits until everybody has joined again; heartbeats tell of it meanwhile, and count": async (
    world,
  ) => {
    const groupId = world.groupId();
    const leader = await alone(world, groupId, { rebalanceTimeoutMs: NEVER_MS });
    const other = await newMember(world, groupId, { rebalanceTimeoutMs: NEVER_MS });
    let joined = false;
    const joining = other.join().then((answer) => {
      joined = true;
      return answer;
    });
    await untilRebalance(world, leader);
    // Longer than the session: heartbeats keep it alive, though their answers are errors.
    for (let turn = 0; turn < 14; turn += 1) {
      expect(await leader.heartbeat()).toBe("REBALANCE_IN_PROGRESS");
      await world.sleep(200);
    }
    expect(joined).toBe(false);
    const again = await leader.join();
    expect(again).toMatchObject({ error: null, generation: 2, leader: leader.memberId });
    expect(again.members.map(({ memberId }) => memberId).sort()).toEqual(
      [leader.memberId, other.memberId].sort(),
    );
    expect(await joining).toMatchObject({ error: null, generation: 2, leader: leader.memberId, members: [] });
  },

  "who waits in a JoinGroup holds up what comes behind it on the connection, and nothing on others": async (
    world,
  ) => {
    const groupId = world.groupId();
    const leader = await alone(world, groupId);
    const other = await newMember(world, groupId);
    const joining = other.join();
    await untilRebalance(world, leader);
    let answered = false;
    const behind = other.wire
      .call(null, "FindCoordinator", { groupId }, { lane: "group", timeoutMs: 10_000 })
      .then(() => (answered = true));
    const beside = await other.wire.call(
      null,
      "FindCoordinator",
      { groupId },
      { lane: "questions", timeoutMs: 10_000 },
    );
    await world.sleep(100);
    expect(beside.error).toBeNull();
    expect(answered).toBe(false);
    await leader.join();
    await joining;
    await behind;
  },

  "the assignment is told once the leader has sent it; who has none is told an empty one": async (world) => {
    const groupId = world.groupId();
    const leader = await alone(world, groupId);
    const other = await newMember(world, groupId);
    const joining = other.join();
    await untilRebalance(world, leader);
    await leader.join();
    await joining;
    let told = false;
    const waiting = other.sync().then((answer) => {
      told = true;
      return answer;
    });
    await world.sleep(100);
    expect(told).toBe(false);
    // While the assignment is pending, a heartbeat is an ordinary one.
    expect(await other.heartbeat()).toBeNull();
    expect(await leader.sync(new Map([[leader.memberId, "all"]]))).toEqual({
      error: null,
      assignment: Buffer.from("all"),
    });
    const answer = await waiting;
    expect([answer.error, answer.assignment.length]).toEqual([null, 0]);
    expect((await leader.sync()).assignment).toEqual(Buffer.from("all"));
  },

  "who waits for its assignment is told when a rebalance begins anew": async (world) => {
    const groupId = world.groupId();
    const [leader, other] = await pair(world, groupId);
    const rejoining = leader.join("more");
    await untilRebalance(world, other);
    await other.join();
    await rejoining;
    const waiting = other.sync();
    await world.sleep(50);
    const third = await newMember(world, groupId);
    const joining = third.join();
    expect((await waiting).error).toBe("REBALANCE_IN_PROGRESS");
    expect((await leader.sync()).error).toBe("REBALANCE_IN_PROGRESS");
    await Promise.all([leader.join(), other.join()]);
    expect(await joining).toMatchObject({ error: null, generation: 4 });
  },

  "one that is no leader and tells nothing new is told the present generation; the leader begins another":
    async (world) => {
      const [leader, other] = await pair(world, world.groupId());
      expect(await other.join()).toMatchObject({
        error: null,
        generation: 2,
        leader: leader.memberId,
        members: [],
      });
      expect(await leader.heartbeat()).toBeNull();
      const joining = leader.join();
      await untilRebalance(world, other);
      expect(await other.join()).toMatchObject({ error: null, generation: 3 });
      expect(await joining).toMatchObject({ error: null, generation: 3 });
    },

  "one that tells something new begins a rebalance": async (world) => {
    const [leader, other] = await pair(world, world.groupId());
    const joining = other.join("other topics");
    await untilRebalance(world, leader);
    const again = await leader.join();
    expect(again.generation).toBe(3);
    expect(again.members.find(({ memberId }) => memberId === other.memberId)?.metadata).toEqual(
      subscription("other topics"),
    );
    expect((await joining).generation).toBe(3);
  },

  "one that is silent longer than its session is out, and void": async (world) => {
    const { topic } = await world.createTopic(1);
    const [leader, other] = await pair(world, world.groupId());
    for (let turn = 0; turn < 150; turn += 1) {
      if ((await leader.heartbeat()) !== null) break;
      await world.sleep(200);
    }
    expect(await leader.heartbeat()).toBe("REBALANCE_IN_PROGRESS");
    expect(await leader.join()).toMatchObject({ error: null, generation: 3, leader: leader.memberId });
    expect(await other.heartbeat()).toBe("UNKNOWN_MEMBER_ID");
    expect(await other.commit(topic, 1)).toBe("UNKNOWN_MEMBER_ID");
    expect((await other.sync()).error).toBe("UNKNOWN_MEMBER_ID");
    expect((await other.join()).error).toBe("UNKNOWN_MEMBER_ID");
    expect(await other.leave()).toBe("UNKNOWN_MEMBER_ID");
  },

  "one that heartbeats and does not join again is out after the rebalance timeout": async (world) => {
    const [leader, other] = await pair(world, world.groupId(), QUICK_REBALANCE);
    const began = world.monotonicMs();
    const joining = other.join("new");
    let out = false;
    const beats = (async () => {
      while (!out) {
        const answer = await leader.heartbeat();
        if (answer === "UNKNOWN_MEMBER_ID") return;
        expect([null, "REBALANCE_IN_PROGRESS"]).toContain(answer);
        await world.sleep(50);
      }
    })();
    const answer = await joining;
    out = true;
    await beats;
    const took = world.monotonicMs() - began;
    expect(took).toBeWithin(REBALANCE_MS - 100, REBALANCE_MS + 1_000 + world.lateMs);
    expect(answer).toMatchObject({ error: null, generation: 3, leader: other.memberId });
    expect(answer.members).toHaveLength(1);
    expect(await leader.heartbeat()).toBe("UNKNOWN_MEMBER_ID");
  },

  "one that does not ask for its assignment is out after the rebalance timeout": async (world) => {
    const [leader, other] = await pair(world, world.groupId(), QUICK_REBALANCE);
    const joining = other.join("new");
    await untilRebalance(world, leader);
    await leader.join();
    await joining;
    await share(leader, [leader, other]);
    const began = world.monotonicMs();
    await untilRebalance(world, leader);
    expect(world.monotonicMs() - began).toBeLessThan(REBALANCE_MS + 2_000 + world.lateMs);
    expect(await other.heartbeat()).toBe("UNKNOWN_MEMBER_ID");
    expect((await leader.join()).generation).toBe(4);
  },

  "a member that leaves is not waited for": async (world) => {
    const [leader, other] = await pair(world, world.groupId());
    expect(await leader.leave()).toBeNull();
    expect(await other.heartbeat()).toBe("REBALANCE_IN_PROGRESS");
    expect(await other.join()).toMatchObject({ error: null, generation: 3, leader: other.memberId });
  },

  "an id that was given out and not joined with is waited for": async (world) => {
    const groupId = world.groupId();
    const leader = await alone(world, groupId);
    const other = await newMember(world, groupId);
    let joined = false;
    const joining = leader.join("new").then(() => (joined = true));
    await world.sleep(200);
    expect(joined).toBe(false);
    expect(await other.leave()).toBeNull();
    await joining;
  },

  "a second JoinGroup of a member takes the place of the one that waits": async (world) => {
    const groupId = world.groupId();
    const leader = await alone(world, groupId);
    const other = await newMember(world, groupId);
    const lost = other.join().catch(() => "cut");
    await untilRebalance(world, leader);
    for (const nodeId of [0, 1, 2, 3]) other.wire.cut(nodeId, "group");
    expect(await lost).toBe("cut");
    const joining = other.join("again");
    // It is on its way, on a connection that must be opened first.
    await world.sleep(2_500);
    const again = await leader.join();
    expect(again.members).toHaveLength(2);
    expect(again.members.find(({ memberId }) => memberId === other.memberId)?.metadata).toEqual(
      subscription("again"),
    );
    expect((await joining).generation).toBe(2);
  },

  "another generation than the present one is illegal": async (world) => {
    const member = await alone(world, world.groupId());
    expect(await member.heartbeat(0)).toBe("ILLEGAL_GENERATION");
    expect(await member.heartbeat(2)).toBe("ILLEGAL_GENERATION");
    member.generation = 7;
    expect((await member.sync()).error).toBe("ILLEGAL_GENERATION");
  },

  "a member with another assignor is refused": async (world) => {
    const groupId = world.groupId();
    await alone(world, groupId);
    const refused = newMember(world, groupId, { protocol: "range" });
    expect(await refused.catch((error: Error) => error.message)).toBe(
      "a new member is answered INCONSISTENT_GROUP_PROTOCOL",
    );
  },

  "a group whose record is too large for its log is told by the leader's SyncGroup, and rebalances": async (
    world,
  ) => {
    const member = await alone(world, world.groupId());
    await member.join("more");
    const large = new Map([[member.memberId, "x".repeat(1_200_000)]]);
    expect((await member.sync(large)).error).toBe("UNKNOWN");
    expect(await member.heartbeat()).toBe("REBALANCE_IN_PROGRESS");
    expect(await member.join()).toMatchObject({ error: null, generation: 3 });
    expect((await member.sync(new Map([[member.memberId, "small"]]))).error).toBeNull();
  },
};
