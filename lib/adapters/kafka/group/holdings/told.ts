import type { Assignment } from "../../../../rules/group/protocol/assignment.ts";
import type { Holdings } from "./holdings.ts";

/** What a member knows from the last complete generation. */
export interface Told {
  /** -1: there is none. */
  readonly generation: number;
  /** What it wanted, in order. */
  readonly topics: readonly string[];
  /** Those of them that the group reads. */
  readonly named: ReadonlySet<string>;
  /** How many partitions they have, as far as that is known. */
  readonly partitions: ReadonlyMap<string, number>;
}

export const NO_GENERATION = -1;

export const NOTHING_TOLD: Told = {
  generation: NO_GENERATION,
  topics: [],
  named: new Set(),
  partitions: new Map(),
};

/** @param topics in the order in which they were told to the leader */
export function toldBy(
  assignment: Pick<Assignment, "topics">,
  topics: readonly string[],
  generation: number,
): Told {
  const counts = topics.map((topic, at) => [topic, assignment.topics[at]?.partitions ?? 0] as const);
  return {
    generation,
    topics,
    named: new Set(topics.filter((_, at) => assignment.topics[at]?.standing === "given")),
    partitions: new Map(counts.filter(([, count]) => count > 0)),
  };
}

/** Whether the group knows what is wanted. A topic that is being given up is told when that is done. */
export function isTold(
  { generation, topics }: Told,
  wanted: ReadonlySet<string>,
  holdings: Holdings,
): boolean {
  if (generation === NO_GENERATION) return false;
  return (
    wanted.isSubsetOf(new Set(topics)) && topics.every((topic) => wanted.has(topic) || holdings.holds(topic))
  );
}
