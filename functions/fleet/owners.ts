import type { Roster } from "../../lib/rules/group/roster.ts";
import { labelsOf, type Named } from "./labels.ts";

/** The host that reads a partition. */
export interface PartitionOwner {
  /** As in `FleetHost.name`. */
  readonly name: string;
  readonly address: string | null;
}

/**
 * Who reads each partition of a topic, as the group decided last; null: nobody.
 * @returns null if Kafka did not say yet who is in the group
 */
export function ownersOf(
  topic: string,
  self: Named,
  roster: Roster | null,
): readonly (PartitionOwner | null)[] | null {
  if (roster === null) return null;
  const others = roster.members.filter(({ host }) => host !== self.host);
  const labels = labelsOf(self, others);
  const owners = new Map<number, PartitionOwner>();
  for (const member of roster.members) {
    const name = member.host === self.host ? labels.self : labels.of(member);
    const owner = { name, address: member.profile?.address ?? null };
    for (const partition of member.partitions.get(topic) ?? []) owners.set(partition, owner);
  }
  // A new partition may be assigned before the number of all is known.
  const count = Math.max(roster.partitionCounts.get(topic) ?? 0, 1 + Math.max(-1, ...owners.keys()));
  return Array.from({ length: count }, (_, partition) => owners.get(partition) ?? null);
}
