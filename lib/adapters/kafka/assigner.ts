import { AssignerProtocol, type PartitionAssigner } from "kafkajs";
import { shareOut } from "../../rules/spread.ts";

/** What a host tells of itself so that it gets its share of all topics. */
export interface Sharing {
  /** The same in all groups of one host, as long as it runs. */
  readonly host: string;
  /** Which of the hosts is to begin with this topic; asked whenever its group is shared out by this member. */
  turn(): number;
}

const { MemberMetadata, MemberAssignment } = AssignerProtocol;

/**
 * Kafka takes the protocol that all members of a group know: beside members of an older Penstock that is kafkajs' own,
 * which has to be listed too. That one sorts random member ids, so that each topic's group throws its own dice.
 */
export function fairAssigner(own: Sharing): PartitionAssigner {
  return ({ cluster }) => ({
    name: "penstock-fair",
    version: 0,
    assign({ members, topics }) {
      const hosts = members.map(({ memberId, memberMetadata }) => ({
        memberId,
        host: MemberMetadata.decode(memberMetadata)?.userData.toString("utf8") ?? "",
      }));
      const assignments = new Map<string, Record<string, number[]>>();
      for (const topic of topics) {
        const partitions = cluster.findTopicPartitionMetadata(topic).map(({ partitionId }) => partitionId);
        for (const [memberId, share] of shareOut(partitions, hosts, own.turn()))
          assignments.set(memberId, { ...assignments.get(memberId), [topic]: share });
      }
      return Promise.resolve(
        [...assignments].map(([memberId, assignment]) => ({
          memberId,
          memberAssignment: MemberAssignment.encode({ version: 0, assignment, userData: Buffer.alloc(0) }),
        })),
      );
    },
    protocol: ({ topics }) => ({
      name: "penstock-fair",
      metadata: MemberMetadata.encode({ version: 0, topics, userData: Buffer.from(own.host) }),
    }),
  });
}
