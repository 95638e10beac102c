import type { AssignedMember } from "./protocol/subscription.ts";

/** In place of a member's index. */
export const NOBODY = -1;

interface Layout {
  readonly counts: ReadonlyMap<string, number>;
  /** Where each topic's partitions begin in one row of all partitions. */
  readonly bases: ReadonlyMap<string, number>;
  readonly size: number;
}

/** Who says of which partitions that it holds them. Partitions by their place in one row of all. */
export interface Claims {
  /** Who may keep it; {@link NOBODY} too where two say so of the same generation. */
  holder(at: number): number;
  /** Whether its holder is about to give it up. */
  isLeaving(at: number): boolean;
  /** Whether nobody else holds it. */
  isFreeFor(at: number, member: number): boolean;
}

/**
 * Claims of a later generation win: a member that missed one may hold what was given to another since (KIP-429 and KIP-792; Kafka's
 * `AbstractStickyAssignor`, which compares generations partition by partition). Of two of the same generation none does, since nobody knows
 * who is right: as there, both have to give it up in this round, and it is given away in the next.
 */
export function claimsOf(members: readonly AssignedMember[], { counts, bases, size }: Layout): Claims {
  const holders = new Int32Array(size).fill(NOBODY);
  const generations = new Int32Array(size).fill(-1);
  const leaving = new Uint8Array(size);
  const contested = new Uint8Array(size);
  for (const [member, { subscription }] of members.entries()) {
    for (const partitions of [subscription.held, subscription.leaving])
      for (const [topic, own] of partitions) {
        const [base, count] = [bases.get(topic), counts.get(topic) ?? 0];
        if (base === undefined) continue;
        for (const partition of own) {
          if (partition >= count) continue;
          const at = base + partition;
          const [holder, known] = [holders[at] ?? NOBODY, generations[at] ?? -1];
          // Held and leaving at once is nothing that we write, and no conflict with anybody.
          if (holder !== NOBODY && holder !== member && known === subscription.generation) contested[at] = 1;
          if (holder !== NOBODY && known >= subscription.generation) continue;
          holders[at] = member;
          generations[at] = subscription.generation;
          contested[at] = 0;
          leaving[at] = partitions === subscription.leaving ? 1 : 0;
        }
      }
  }
  const holder = (at: number): number => (contested[at] === 1 ? NOBODY : (holders[at] ?? NOBODY));
  return {
    holder,
    isLeaving: (at) => leaving[at] === 1,
    isFreeFor: (at, member) => contested[at] !== 1 && (holder(at) === NOBODY || holder(at) === member),
  };
}
