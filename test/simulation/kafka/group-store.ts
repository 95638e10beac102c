import type { Joined, SimulatedMember } from "./group-member.ts";

/** A group as it stands in `__consumer_offsets`: what outlives its coordinator. */
export interface StoredGroup {
  /** Null: none was written yet. */
  record: GroupRecord | null;
  readonly offsets: OffsetTable;
}

/** One record holds all of it. Written with each complete generation, and when the group becomes empty. */
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

/** About what a record takes beside metadata and assignment of its members: ids, client and host names, lengths. */
const MEMBER_FRAME_BYTES = 150;

/** What the record takes in the log. */
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

/** What members told of themselves, for the leader. */
export function subscriptionsOf(
  members: Iterable<SimulatedMember>,
  protocol: string,
): readonly { readonly memberId: string; readonly metadata: Uint8Array }[] {
  return Array.from(members, (one) => ({ memberId: one.id, metadata: one.metadata(protocol) }));
}

/** Members as they are written; who was given nothing has an empty assignment. */
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
