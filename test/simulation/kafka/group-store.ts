import type { Joined, SimulatedMember } from "./group-member.ts";

/** A group's records in `__consumer_offsets`, which outlive its coordinator. */
export interface StoredGroup {
  /** Null if none was written yet. */
  record: GroupRecord | null;
  readonly offsets: OffsetTable;
}

/** All in one record. Written with each complete generation, and when the group becomes empty. */
export interface GroupRecord {
  readonly generation: number;
  readonly protocol: string | null;
  readonly leader: string | null;
  readonly members: readonly {
    readonly id: string;
    readonly joined: Joined;
    readonly assignment: Uint8Array;
  }[];
}

export interface CommittedOffset {
  readonly offset: number;
  readonly metadata: string | null;
}

export type OffsetTable = Map<string, Map<number, CommittedOffset>>;

/** A record's approximate size besides its members' metadata and assignments: ids, client and host names, lengths. */
const MEMBER_FRAME_BYTES = 150;

/** The record's size in the log. */
export function recordBytesOf({ protocol, members }: GroupRecord): number {
  return members.reduce(
    (bytes, { joined, assignment }) =>
      bytes +
      MEMBER_FRAME_BYTES +
      assignment.length +
      (joined.protocols.find(({ name }) => name === protocol)?.metadata.length ?? 0),
    0,
  );
}

export function copyOffsets(offsets: OffsetTable): OffsetTable {
  return new Map([...offsets].map(([topic, partitions]) => [topic, new Map(partitions)]));
}

/** The members' metadata, for the leader. */
export function subscriptionsOf(
  members: Iterable<SimulatedMember>,
  protocol: string,
): readonly { readonly memberId: string; readonly metadata: Uint8Array }[] {
  return Array.from(members, (one) => ({ memberId: one.id, metadata: one.metadata(protocol) }));
}

/** Members as written; a member without partitions has an empty assignment. */
export function assignedTo(
  members: Iterable<SimulatedMember>,
  assignments: ReadonlyMap<string, Uint8Array>,
): GroupRecord["members"] {
  return Array.from(members, ({ id, joined }) => ({
    id,
    joined,
    assignment: assignments.get(id) ?? new Uint8Array(),
  }));
}
