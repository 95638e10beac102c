import { expect } from "bun:test";
import { alone, pair, share, untilRebalance } from "./group-rules.ts";
import { coordinatorOf, newMember, QUESTION, type Rule } from "./world.ts";

export const commitRules: Readonly<Record<string, Rule>> = {
  "commits are taken while a rebalance is prepared, and not while the assignment is awaited": async (
    world,
  ) => {
    const { topic } = await world.createTopic(1);
    const groupId = world.groupId();
    const [leader, other] = await pair(world, groupId);
    expect(await other.commit(topic, 1)).toBeNull();
    const third = await newMember(world, groupId);
    const joining = third.join();
    await untilRebalance(world, leader);
    expect(await leader.commit(topic, 2)).toBeNull();
    expect(await other.commit(topic, 3)).toBeNull();
    const before = leader.generation;
    await Promise.all([leader.join(), other.join(), joining]);
    expect(await leader.commit(topic, 4, before)).toBe("ILLEGAL_GENERATION");
    expect(await leader.commit(topic, 4)).toBe("REBALANCE_IN_PROGRESS");
    const syncing = [other.sync(), third.sync()];
    await share(leader, [leader, other, third]);
    await Promise.all(syncing);
    expect(await leader.commit(topic, 5)).toBeNull();
    // The broker does not check who owns the partition.
    expect(await third.commit(topic, 6)).toBeNull();
    expect(await third.commit(topic, 4)).toBeNull();
  },

  "commits keep the session, as heartbeats do": async (world) => {
    const { topic } = await world.createTopic(1);
    const member = await alone(world, world.groupId());
    for (let turn = 0; turn < 8; turn += 1) {
      expect(await member.commit(topic, turn)).toBeNull();
      await world.sleep(1_000);
    }
    expect(await member.heartbeat()).toBeNull();
  },

  "offsets stay when the members are gone, with their metadata; what is committed nowhere is -1": async (
    world,
  ) => {
    const { topic } = await world.createTopic(2);
    const groupId = world.groupId();
    const member = await alone(world, groupId);
    const to = await coordinatorOf(world, member.wire, groupId);
    const { memberId, generation, wire } = member;
    const partitions = [{ partition: 1, offset: 42, metadata: "last 41" }];
    await wire.call(
      to,
      "OffsetCommit",
      { groupId, memberId, generation, topics: [{ topic, partitions }] },
      QUESTION,
    );
    await member.leave();
    const answer = await wire.call(
      to,
      "OffsetFetch",
      { groupId, topics: [{ topic, partitions: [0, 1] }] },
      QUESTION,
    );
    expect(answer.error).toBeNull();
    expect([...(answer.topics[0]?.partitions ?? [])].sort((a, b) => a.partition - b.partition)).toEqual([
      { partition: 0, error: null, offset: -1, metadata: "" },
      { partition: 1, error: null, offset: 42, metadata: "last 41" },
    ]);
    // The next member to join continues behind the last generation.
    const next = await newMember(world, groupId);
    expect(await next.join()).toMatchObject({ error: null, generation: 3 });
  },

  "one partition that is refused leaves the others of the request committed": async (world) => {
    const { topic } = await world.createTopic(1);
    const groupId = world.groupId();
    const { memberId, generation, wire } = await alone(world, groupId);
    const to = await coordinatorOf(world, wire, groupId);
    const one = (partition: number, metadata: string | null = null) => ({ partition, offset: 5, metadata });
    const topics = [
      { topic, partitions: [one(0), one(9)] },
      { topic: "no-such-topic", partitions: [one(0)] },
    ];
    const answer = await wire.call(to, "OffsetCommit", { groupId, memberId, generation, topics }, QUESTION);
    const errors = new Map<string, string | null>(
      answer.topics.flatMap(({ topic, partitions }) =>
        partitions.map((of) => [`${topic} ${of.partition}`, of.error] as const),
      ),
    );
    expect(errors).toEqual(
      new Map([
        [`${topic} 0`, null],
        [`${topic} 9`, "UNKNOWN_TOPIC_OR_PARTITION"],
        ["no-such-topic 0", "UNKNOWN_TOPIC_OR_PARTITION"],
      ]),
    );
    const large = [{ topic, partitions: [one(0, "x".repeat(5_000))] }];
    const refused = await wire.call(
      to,
      "OffsetCommit",
      { groupId, memberId, generation, topics: large },
      QUESTION,
    );
    expect(refused.topics[0]?.partitions[0]?.error).toBe("OFFSET_METADATA_TOO_LARGE");
  },

  "from outside, a group takes commits while it is empty": async (world) => {
    const { topic } = await world.createTopic(1);
    const groupId = world.groupId();
    const wire = world.openWire();
    const to = await coordinatorOf(world, wire, groupId);
    const outside = async (): Promise<string | null | undefined> => {
      const topics = [{ topic, partitions: [{ partition: 0, offset: 7, metadata: null }] }];
      const request = { groupId, memberId: "", generation: -1, topics };
      return (await wire.call(to, "OffsetCommit", request, QUESTION)).topics[0]?.partitions[0]?.error;
    };
    expect(await outside()).toBeNull();
    const member = await alone(world, groupId);
    expect(await outside()).toBe("UNKNOWN_MEMBER_ID");
    await member.leave();
    expect(await outside()).toBeNull();
  },

  "a group that nobody has ever joined": async (world) => {
    const { topic } = await world.createTopic(1);
    const groupId = world.groupId();
    const wire = world.openWire();
    const to = await coordinatorOf(world, wire, groupId);
    const token = { groupId, memberId: "nobody", generation: 3 };
    expect((await wire.call(to, "Heartbeat", token, QUESTION)).error).toBe("UNKNOWN_MEMBER_ID");
    const topics = [{ topic, partitions: [{ partition: 0, offset: 7, metadata: null }] }];
    const answer = await wire.call(to, "OffsetCommit", { ...token, topics }, QUESTION);
    expect(answer.topics[0]?.partitions[0]?.error).toBe("ILLEGAL_GENERATION");
    const offsets = await wire.call(
      to,
      "OffsetFetch",
      { groupId, topics: [{ topic, partitions: [0] }] },
      QUESTION,
    );
    expect(offsets).toEqual({
      error: null,
      topics: [{ topic, partitions: [{ partition: 0, error: null, offset: -1, metadata: "" }] }],
    });
  },

  "what was committed of a topic goes with the topic": async (world) => {
    const { topic } = await world.createTopic(1);
    const groupId = world.groupId();
    const member = await alone(world, groupId);
    expect(await member.commit(topic, 5)).toBeNull();
    await world.deleteTopic(topic);
    const to = await coordinatorOf(world, member.wire, groupId);
    for (;;) {
      const answer = await member.wire.call(
        to,
        "OffsetFetch",
        { groupId, topics: [{ topic, partitions: [0] }] },
        QUESTION,
      );
      if (answer.topics[0]?.partitions[0]?.offset === -1) break;
      expect(await member.heartbeat()).toBeNull();
      await world.sleep(100);
    }
    expect(await member.commit(topic, 6)).toBe("UNKNOWN_TOPIC_OR_PARTITION");
  },
};
