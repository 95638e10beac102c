import type { Assignment } from "../../../../rules/group/protocol/assignment.ts";
import type { OwnedPartitions } from "./owned-partitions.ts";

/** What the member learned from the last complete generation. */
export interface LastAssignment {
  /** -1 if none. */
  readonly generation: number;
  /** The topics it wanted, in order. */
  readonly topics: readonly string[];
  /** Those of them that the group reads. */
  readonly named: ReadonlySet<string>;
  /** Their partition counts, if known. */
  readonly partitions: ReadonlyMap<string, number>;
}

export const NO_GENERATION = -1;

export const NO_ASSIGNMENT: LastAssignment = {
  generation: NO_GENERATION,
  topics: [],
  named: new Set(),
  partitions: new Map(),
};

/** @param topics in the order in which they were sent to the leader */
export function lastAssignmentOf(
  assignment: Pick<Assignment, "topics">,
  topics: readonly string[],
  generation: number,
): LastAssignment {
  const counts = topics.map((topic, at) => [topic, assignment.topics[at]?.partitions ?? 0] as const);
  return {
    generation,
    topics,
    named: new Set(topics.filter((_, at) => assignment.topics[at]?.standing === "given")),
    partitions: new Map(counts.filter(([, count]) => count > 0)),
  };
}

/** True if the group knows the wanted topics. A topic that is being given up is reported once that is done. */
export function isCurrent(
  { generation, topics }: LastAssignment,
  wanted: ReadonlySet<string>,
  owned: OwnedPartitions,
): boolean {
  if (generation === NO_GENERATION) return false;
  return (
    wanted.isSubsetOf(new Set(topics)) && topics.every((topic) => wanted.has(topic) || owned.holds(topic))
  );
}
