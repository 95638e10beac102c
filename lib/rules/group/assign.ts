import { Balance } from "./balance.ts";
import { claimsOf, NOBODY } from "./claims.ts";
import { inTurn } from "./turns.ts";
import type { AssignedMember } from "./protocol/subscription.ts";

export interface Assigned {
  /** What each member gets now, by topic. Every member has an entry. */
  readonly given: ReadonlyMap<string, ReadonlyMap<string, readonly number[]>>;
  /** How many partitions go to nobody in this round, because somebody else than who is to have them still holds them. */
  readonly withheld: number;
  /** In how many members' assignments a topic will stand once nothing is withheld any more. */
  readonly ownersOf: ReadonlyMap<string, number>;
}

/**
 * Shares all topics' partitions out among the members that want them.
 *
 * - Cooperative (KIP-429, Kafka's `CooperativeStickyAssignor.adjustAssignment`): what one living member holds and another is to have goes
 *   to nobody in this round. Its holder finds it missing from its assignment, gives it up and joins again; then it is free.
 * - Sticky: who holds a partition and wants its topic keeps it, unless evenness needs it elsewhere.
 * - Even: no member has two more than another that wants what the first one could do without. A topic of one partition counts as much
 *   as any other partition.
 * - The same for the same members, in whatever order they are listed: two rounds of one rebalance must not contradict each other.
 *
 * @param counts how many partitions each topic has; one that is not there is given to nobody
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

  // First what stays where it is, then what is free to whoever has least, then as few moves as evenness needs.
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

/** Who wants each topic whose partitions are known, as indices of members in ascending order. */
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
