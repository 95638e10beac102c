import { expect, test } from "bun:test";
import { AssignerProtocol, type Assigner, type Cluster, type Logger } from "kafkajs";
import { fairAssigner } from "../../../../lib/adapters/kafka/assigner.ts";

const cluster = {
  findTopicPartitionMetadata: (topic: string) =>
    Array.from({ length: Number(topic.split("-")[1]) }, (_, partitionId) => ({ partitionId })),
} as unknown as Cluster;

function assignerOf(host: string, turn: number): Assigner {
  return fairAssigner({ host, turn: () => turn })({ cluster, groupId: "g", logger: {} as Logger });
}

test("members are told apart by their hosts, which their metadata holds, and get what is theirs", async () => {
  const topics = ["topic-5"];
  const members = ["h3", "h1", "h2"].map((host, n) => ({
    memberId: `random-${n}`,
    memberMetadata: assignerOf(host, 0).protocol({ topics }).metadata,
  }));
  const assigned = await assignerOf("h1", 1).assign({ members, topics });
  const decoded = assigned.map(({ memberId, memberAssignment }) => [
    memberId,
    AssignerProtocol.MemberAssignment.decode(memberAssignment)?.assignment["topic-5"],
  ]);
  // By host: random-1, random-2, random-0; the second begins.
  expect(Object.fromEntries(decoded)).toEqual({ "random-2": [0, 3], "random-0": [1, 4], "random-1": [2] });
});
