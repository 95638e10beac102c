import type { Joined } from "./group-member.ts";

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
