import { Balance } from "./balance.ts";
import { claimsOf, NOBODY } from "./claims.ts";
import { inTurn } from "./turns.ts";
import type { AssignedMember } from "./protocol/subscription.ts";

export interface Assigned {
  /** Each member's partitions for now, by topic. Every member has an entry. */
  readonly given: ReadonlyMap<string, ReadonlyMap<string, readonly number[]>>;
  /** How many partitions are assigned to nobody in this round, because another member still holds them. */
  readonly withheld: number;
  /** How many members will own partitions of each topic once nothing is withheld. */
  readonly ownersOf: ReadonlyMap<string, number>;
}

/**
 * Assigns all topics' partitions to the members that want them.
 *
 * - Cooperative (KIP-429, Kafka's `CooperativeStickyAssignor.adjustAssignment`): a partition that has to move from one
 *   living member to another is assigned to nobody in this round. Its holder no longer finds it in its assignment,
 *   gives it up and rejoins; then it is free.
 * - Sticky: a member keeps the partitions it holds as long as it wants the topic, unless balance requires a move.
 * - Even: no member has two more partitions than another that could take one of them. All partitions count the same.
 * - Deterministic, whatever the order of the members: two rounds of one rebalance must not contradict each other.
 *
 * @param counts how many partitions each topic has; a topic without an entry is assigned to nobody
 */
export function assign(members: readonly AssignedMember[], counts: ReadonlyMap<string, number>): Assigned {
  const inOrder = members.toSorted(
    (a, b) => compare(a.subscription.host, b.subscription.host) || compare(a.memberId, b.memberId),
  );
  const wanters = wantersOf(inOrder, counts);
  const topics = inTurn(wanters.keys());
  const bases = new Map<string, number>();
  let size = 0;
  for (const topic of topics) {
    bases.set(topic, size);
    size += counts.get(topic) ?? 0;
  }
  const claims = claimsOf(inOrder, { counts, bases, size });
  const balance = new Balance(inOrder.length, size);

  // Keep what can stay, give free partitions to the least loaded, then make as few moves as balance requires.
  for (const topic of topics) {
    const [base, wanting] = [bases.get(topic) ?? 0, wanters.get(topic) ?? []];
    balance.addTopic(base, counts.get(topic) ?? 0, wanting, (at) => {
      const holder = claims.holder(at);
      return !claims.isLeaving(at) && wanting.includes(holder) ? holder : NOBODY;
    });
  }
  balance.placeFree();
  balance.level();

  const given = inOrder.map(() => new Map<string, number[]>());
  const ownersOf = new Map<string, number>();
  let withheld = 0;
  for (const topic of [...topics].sort()) {
    const base = bases.get(topic) ?? 0;
    const owners = new Set<number>();
    for (let partition = 0; partition < (counts.get(topic) ?? 0); partition += 1) {
      const owner = balance.ownerOf(base + partition);
      owners.add(owner);
      if (!claims.isFreeFor(base + partition, owner)) {
        withheld += 1;
        continue;
      }
      const own = given[owner]?.get(topic);
      if (own === undefined) given[owner]?.set(topic, [partition]);
      else own.push(partition);
    }
    ownersOf.set(topic, owners.size);
  }
  return {
    given: new Map(inOrder.map(({ memberId }, at) => [memberId, given[at] ?? new Map<string, number[]>()])),
    withheld,
    ownersOf,
  };
}

/** For each topic whose partitions are known, the indices of the members that want it, in ascending order. */
function wantersOf(
  members: readonly AssignedMember[],
  counts: ReadonlyMap<string, number>,
): Map<string, readonly number[]> {
  const wanters = new Map<string, number[]>();
  for (const [at, { subscription }] of members.entries())
    for (const topic of subscription.wanted) {
      const known = wanters.get(topic);
      if (known !== undefined) known.push(at);
      else if ((counts.get(topic) ?? 0) > 0) wanters.set(topic, [at]);
    }
  return wanters;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
