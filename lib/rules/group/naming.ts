/**
 * Who names which topics in the part of its subscription that the broker reads.
 *
 * Offsets of a topic that no member of a stable group names are deleted once they are older than `offsets.retention.minutes` (KIP-496,
 * 7 days; Kafka's `GroupMetadata.expiredOffsets`, only while the group is `Stable`): a quiet topic would lose its position at the next look,
 * however short the time in which nobody named it. And all subscriptions stand in one record of limited size. So:
 *
 * - The leader names for all. It learns at each join what all members want.
 * - Where it finds, with a join complete, that something wanted is named by nobody, it joins again with those names instead of telling
 *   assignments. A changed subscription makes the broker prepare another rebalance, so that the group is never stable without them
 *   (`GroupCoordinator.doJoinGroup`, case `CompletingRebalance`). That happens after a leader is gone, and costs one more turn of some milliseconds.
 * - A few topics that a member newly wants it names by itself, so that adding a topic costs no second turn.
 */
const FEW_TOPICS = 100;

/**
 * @param wanted what this member wants, in order
 * @param told what it wanted when it was last told an assignment, and what it knows that the group has no room for
 * @param forAll what it named for all members when it led them last; null: it did not
 */
export function namesToTell(
  wanted: readonly string[],
  told: ReadonlySet<string>,
  forAll: ReadonlySet<string> | null,
): readonly string[] {
  const fresh = wanted.filter((topic) => !told.has(topic) && forAll?.has(topic) !== true);
  const few = fresh.length <= FEW_TOPICS ? fresh : [];
  return [...(forAll ?? []), ...few].sort();
}

/** Whether the leader has to join again because of what it named. */
export function isUnnamed(toName: ReadonlySet<string>, named: Iterable<readonly string[]>): boolean {
  const left = new Set(toName);
  for (const names of named) for (const topic of names) left.delete(topic);
  return left.size > 0;
}
