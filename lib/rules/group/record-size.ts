import { assign } from "./assign.ts";
import { encodeAssignment } from "./protocol/assignment.ts";
import { encodeSubscription } from "./protocol/subscription.ts";

/** A member in the coordinator's record of its group. */
export interface RecordedMember {
  readonly memberId: string;
  readonly subscriptionBytes: number;
  readonly assignmentBytes: number;
}

/** The default `max.message.bytes`, also of `__consumer_offsets`: Kafka's `LogConfig.DEFAULT_MAX_MESSAGE_BYTES`. */
export const DEFAULT_RECORD_LIMIT_BYTES = 1_048_588;
/** Overhead of the record batch (61 bytes) and of the group's own fields. */
const GROUP_BYTES = 1_024;
/** Overhead of a member beside its id: two timeouts, field lengths, client id and address. */
const MEMBER_BYTES = 192;

/** Size of Kafka's `GroupMetadataValue`: all members of the group, with their subscriptions and assignments. */
export function recordBytes(members: readonly RecordedMember[]): number {
  return members.reduce(
    (sum, { memberId, subscriptionBytes, assignmentBytes }) =>
      sum + MEMBER_BYTES + memberId.length + subscriptionBytes + assignmentBytes,
    GROUP_BYTES,
  );
}

/** A broker makes member ids from the client id and a UUID. */
const MEMBER_ID_LENGTH = 45;

/** Size of the record if these hosts share all topics and the first one leads. @param counts partitions by topic */
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

/** A topic of the group, and how much it adds to the record. */
export interface SizedTopic {
  readonly topic: string;
  /** Whether it runs already, at least in part. */
  readonly isHeld: boolean;
  readonly bytes: number;
}

/** The name appears once by itself and once per owner, each time with its length. A partition takes four bytes. */
export function topicBytes(topic: string, partitions: number, owners: number): number {
  const name = 2 + new TextEncoder().encode(topic).length;
  return name + owners * (name + 4) + 4 * partitions;
}

/**
 * Returns the topics for which there is no room. Running topics come first, then names in order. A topic too large for
 * the remaining room is skipped, so smaller ones after it may still fit.
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
