import { assign } from "./assign.ts";
import { encodeAssignment } from "./protocol/assignment.ts";
import { encodeSubscription } from "./protocol/subscription.ts";

/** A member in the coordinator's record of its group. */
export interface RecordedMember {
  readonly memberId: string;
  readonly subscriptionBytes: number;
  readonly assignmentBytes: number;
}

/**
 * What a record of `__consumer_offsets` may have by default: `max.message.bytes` of a topic, Kafka's `LogConfig.DEFAULT_MAX_MESSAGE_BYTES`.
 */
export const DEFAULT_RECORD_LIMIT_BYTES = 1_048_588;
/** Of the record batch and of the group itself: 61 and some, and names. */
const GROUP_BYTES = 1_024;
/** Beside its id: two timeouts, the lengths of fields, its client's id and address. */
const MEMBER_BYTES = 192;

/** `GroupMetadataValue` (Kafka's schema of that name): all members of the group, with their subscriptions and assignments. */
export function recordBytes(members: readonly RecordedMember[]): number {
  return members.reduce(
    (sum, { memberId, subscriptionBytes, assignmentBytes }) =>
      sum + MEMBER_BYTES + memberId.length + subscriptionBytes + assignmentBytes,
    GROUP_BYTES,
  );
}

/** As a broker makes it of the client's id and a UUID. */
const MEMBER_ID_LENGTH = 45;

/** What the record takes once so many hosts share all these topics, the first of which leads. @param counts partitions by topic */
export function groupBytes(counts: ReadonlyMap<string, number>, hosts: number): number {
  const wanted = [...counts.keys()].sort();
  const members = Array.from({ length: hosts }, (_, at) => ({
    memberId: String(at).padStart(MEMBER_ID_LENGTH, "0"),
    subscription: { host: String(at), wanted, generation: 1, held: new Map(), leaving: new Map() },
  }));
  const topics = wanted.map((topic) => ({ standing: "given" as const, partitions: counts.get(topic) ?? 0 }));
  const { given } = assign(members, counts);
  return recordBytes(
    members.map(({ memberId, subscription }, at) => {
      const held = given.get(memberId) ?? new Map<string, readonly number[]>();
      const named = at === 0 ? wanted : [];
      return {
        memberId,
        subscriptionBytes: encodeSubscription({ ...subscription, held }, named).length,
        assignmentBytes: encodeAssignment({ partitions: held, topics, room: null }).length,
      };
    }),
  );
}

/** A topic of the group, and what it adds to the record. */
export interface SizedTopic {
  readonly topic: string;
  /** It runs already, at least in part. */
  readonly isHeld: boolean;
  readonly bytes: number;
}

/** Named once, and in the assignment of each member that owns some of it: a length each, and four bytes a partition. */
export function topicBytes(topic: string, partitions: number, owners: number): number {
  const name = 2 + new TextEncoder().encode(topic).length;
  return name + owners * (name + 4) + 4 * partitions;
}

/**
 * Which topics there is no room for: what runs has precedence over what does not, and then the order of their names decides. One that is too
 * large by itself leaves room for those behind it.
 */
export function leftOutOf(topics: readonly SizedTopic[], roomBytes: number): Set<string> {
  const inOrder = topics.toSorted(
    (a, b) => Number(b.isHeld) - Number(a.isHeld) || (a.topic < b.topic ? -1 : 1),
  );
  const leftOut = new Set<string>();
  let left = roomBytes;
  for (const { topic, bytes } of inOrder) {
    if (bytes > left) leftOut.add(topic);
    else left -= bytes;
  }
  return leftOut;
}
