import type { PartitionOwner, Roster } from "../../lib/rules/group/roster.ts";
import { labelsOf, type Named } from "./labels.ts";

/** Of each partition of a topic, null if nobody reads it; null if Kafka did not say who is in the group. */
export type Owners = readonly (PartitionOwner | null)[] | null;

/** Who reads each partition of a topic, as the group decided last. */
export function ownersOf(topic: string, self: Named, roster: Roster | null): Owners {
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

/** Who reads one partition, null if nobody does; undefined if it is not known. */
export function ownerOf(owners: Owners, partition: number): PartitionOwner | null | undefined {
  return owners === null ? undefined : (owners[partition] ?? null);
}
