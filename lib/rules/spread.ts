import { createHash } from "node:crypto";

/** A member of a topic's group. */
export interface GroupMemberOf {
  readonly memberId: string;
  /** The host it belongs to; the same in all groups of one host, as long as it runs. */
  readonly host: string;
}

/**
 * The turn of each topic in an order that has nothing to do with its name: topics of one kind often stand side by side by
 * name, or at equal distances, and all of them would meet the same host.
 */
export function turnsOf(topics: Iterable<string>): Map<string, number> {
  const ranked = [...topics]
    .map((topic) => ({ topic, rank: createHash("sha256").update(topic).digest("hex") }))
    .sort((a, b) => (a.rank < b.rank ? -1 : 1));
  return new Map(ranked.map(({ topic }, turn) => [topic, turn]));
}

/**
 * Shares a topic's partitions out: hosts take turns, and the topic's own turn says which of them begins. Groups know
 * nothing of each other; but hosts are the same in each, so that over all topics every host gets as much as any other.
 * @returns the partitions of each member that gets any, by member id
 */
export function shareOut(
  partitions: readonly number[],
  members: readonly GroupMemberOf[],
  turn: number,
): Map<string, number[]> {
  const inOrder = members.toSorted((a, b) => compare(a.host, b.host) || compare(a.memberId, b.memberId));
  const shares = new Map<string, number[]>();
  for (const partition of partitions.toSorted((a, b) => a - b)) {
    const owner = inOrder[(turn + partition) % inOrder.length];
    if (owner === undefined) break;
    const share = shares.get(owner.memberId);
    if (share === undefined) shares.set(owner.memberId, [partition]);
    else share.push(partition);
  }
  return shares;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
