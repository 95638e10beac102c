import { decodeAssignment } from "./protocol/assignment.ts";
import type { HostProfile } from "./protocol/profile.ts";
import { decodeSubscription, type PartitionsOf } from "./protocol/subscription.ts";

/** A member as Kafka describes it. Both parts are empty while the group rebalances. */
export interface ListedMember {
  readonly memberId: string;
  /** As Kafka writes it: `/10.0.0.1`. */
  readonly clientHost: string;
  readonly metadata: Uint8Array;
  readonly assignment: Uint8Array;
}

/** A member of the group, and which partitions the group assigned to it. */
export interface RosterMember {
  readonly memberId: string;
  /** The address that its connection to Kafka comes from. */
  readonly clientHost: string;
  /** Constant while its process runs; null if its subscription cannot be read. */
  readonly host: string | null;
  /** Null if it is of a version before profiles, or cannot be believed. */
  readonly profile: HostProfile | null;
  readonly partitions: PartitionsOf;
  /** How many partitions the topics have that it wants, as far as the leader knows. */
  readonly counts: ReadonlyMap<string, number>;
  /** What all this was read from, to read it only once. */
  readonly source: Pick<ListedMember, "metadata" | "assignment">;
}

/** The host that reads a partition. */
export interface PartitionOwner {
  /** As in `GET /fleet`. */
  readonly name: string;
  /** Null if it tells the group none. */
  readonly address: string | null;
}

/** For people. */
export function ownerWords({ name, address }: PartitionOwner): string {
  return address === null ? name : `${name} (${address})`;
}

/** Who is in the group. */
export interface Roster {
  readonly members: readonly RosterMember[];
  /** By topic. */
  readonly partitionCounts: ReadonlyMap<string, number>;
  /**
   * Whether it is known what every member reads: only then does nobody read a partition that no member has. False while
   * the group rebalances, and with a member that is not Penstock.
   */
  readonly isSettled: boolean;
}

/**
 * Reads what Kafka says about the group. While it rebalances, what was known of a member stays.
 * @param before the last roster
 */
export function readRoster(listed: readonly ListedMember[], before: Roster | null): Roster {
  const known = new Map(before?.members.map((member) => [member.memberId, member]));
  const members = listed.map((one) => readMember(one, known.get(one.memberId)));
  const partitionCounts = new Map<string, number>();
  for (const { counts } of members)
    for (const [topic, count] of counts)
      partitionCounts.set(topic, Math.max(count, partitionCounts.get(topic) ?? 0));
  // Kafka tells neither part of any member while the group rebalances.
  const isSettled = listed.every(({ memberId, metadata, assignment }, at) => {
    const wasRead = before?.isSettled === true && members[at] === known.get(memberId);
    return metadata.length > 0 && assignment.length > 0 && (wasRead || isReadable(assignment));
  });
  return { members, partitionCounts, isSettled };
}

function isReadable(assignment: Uint8Array): boolean {
  return decodeAssignment(assignment).kind === "ours";
}

function readMember(
  { memberId, clientHost, metadata, assignment }: ListedMember,
  known: RosterMember | undefined,
): RosterMember {
  if (known !== undefined) {
    const isSame = isEqual(metadata, known.source.metadata) && isEqual(assignment, known.source.assignment);
    if (isSame || metadata.length === 0) return known;
  }
  const subscription = decodeSubscription(metadata);
  const assigned = decodeAssignment(assignment);
  const isOurs = subscription.kind === "ours";
  const wanted = isOurs ? subscription.subscription.wanted : [];
  const counts = new Map<string, number>();
  if (assigned.kind === "ours" && assigned.topics.length === wanted.length)
    for (const [at, { partitions }] of assigned.topics.entries()) counts.set(wanted[at] ?? "", partitions);
  return {
    memberId,
    clientHost: clientHost.replace(/^\//, ""),
    host: isOurs ? subscription.subscription.host : null,
    profile: isOurs ? subscription.profile : null,
    partitions: assigned.kind === "ours" ? assigned.partitions : new Map(),
    counts,
    source: { metadata, assignment },
  };
}

function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}
