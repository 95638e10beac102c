import type { AssignedMember } from "./protocol/subscription.ts";

/** Used instead of a member's index. */
export const NOBODY = -1;

interface Layout {
  readonly counts: ReadonlyMap<string, number>;
  /** The number of each topic's first partition; partitions of all topics are numbered consecutively. */
  readonly bases: ReadonlyMap<string, number>;
  readonly size: number;
}

/** Which member claims to hold which partition. */
export interface Claims {
  /** The member that may keep the partition; {@link NOBODY} also if two claim it for the same generation. */
  holder(at: number): number;
  /** Whether the holder is about to give it up. */
  isLeaving(at: number): boolean;
  /** Whether no other member holds it. */
  isFreeFor(at: number, member: number): boolean;
}

/**
 * Claims of a later generation win: a member that missed one may hold partitions that another has received since
 * (KIP-429 and KIP-792; Kafka's `AbstractStickyAssignor`, which compares generations partition by partition). If two
 * claims have the same generation, neither wins, because nobody knows which is right: as in Kafka, both must give the
 * partition up in this round, and it is assigned in the next.
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
          // A partition both held and leaving (we never write that) does not conflict with another member.
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
