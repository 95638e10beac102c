/**
 * Decides which topics a member names in the part of its subscription that the broker reads.
 *
 * If no member of a stable group names a topic, its offsets are deleted once they are older than
 * `offsets.retention.minutes` (KIP-496, 7 days; Kafka's `GroupMetadata.expiredOffsets`, only while the group is
 * `Stable`). A quiet topic would lose its position at the next check, however short the gap. But all subscriptions
 * share one record of limited size. So:
 *
 * - The leader names the topics of all members. It learns at each join what they want.
 * - If a join completes and nobody named some wanted topic, the leader joins again with those names instead of sending
 *   assignments. A changed subscription makes the broker prepare another rebalance, so the group is never stable
 *   without them (`GroupCoordinator.doJoinGroup`, case `CompletingRebalance`). This happens after a leader has left,
 *   and costs one more round of some milliseconds.
 * - A member names a few newly wanted topics itself, so that adding a topic costs no second round.
 */
const FEW_TOPICS = 100;

/**
 * @param wanted the topics this member wants, in order
 * @param told the topics it wanted at its last assignment, and those for which it knows that the group has no room
 * @param forAll the topics it named for all members when it last led the group; null if it never did
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

/** Whether the leader has to join again, because some of these topics were named by nobody. */
export function isUnnamed(toName: ReadonlySet<string>, named: Iterable<readonly string[]>): boolean {
  const left = new Set(toName);
  for (const names of named) for (const topic of names) left.delete(topic);
  return left.size > 0;
}
