/**
 * What a coordinator's error means for a member.
 *
 * - `moving`: another broker coordinates the group, or soon will.
 * - `rebalancing`: the group waits for this member to join, or for the leader's assignment.
 * - `gone`: it is no longer a member. `stale`: it is a member, but its generation is outdated.
 * - `too_large`: the record may be too large (`GroupMetadataManager.appendGroupMetadataErrorToResponseError` turns
 *   `MESSAGE_TOO_LARGE`, `RECORD_LIST_TOO_LARGE` and `INVALID_FETCH_SIZE` into `UNKNOWN_SERVER_ERROR`; for offsets,
 *   Kafka 4 does so too).
 * - `refused`: will not work until somebody changes something. `failed`: anything else; retry.
 */
export type GroupAnswer = "moving" | "rebalancing" | "gone" | "stale" | "too_large" | "refused" | "failed";

const ANSWERS: Readonly<Record<string, GroupAnswer>> = {
  GROUP_COORDINATOR_NOT_AVAILABLE: "moving",
  NOT_COORDINATOR_FOR_GROUP: "moving",
  GROUP_LOAD_IN_PROGRESS: "moving",
  REBALANCE_IN_PROGRESS: "rebalancing",
  UNKNOWN_MEMBER_ID: "gone",
  FENCED_INSTANCE_ID: "gone",
  ILLEGAL_GENERATION: "stale",
  UNKNOWN: "too_large",
  MESSAGE_TOO_LARGE: "too_large",
  RECORD_LIST_TOO_LARGE: "too_large",
  INVALID_FETCH_SIZE: "too_large",
  INVALID_COMMIT_OFFSET_SIZE: "too_large",
  GROUP_AUTHORIZATION_FAILED: "refused",
  INCONSISTENT_GROUP_PROTOCOL: "refused",
  GROUP_ID_NOT_FOUND: "refused",
  GROUP_MAX_SIZE_REACHED: "refused",
  INVALID_SESSION_TIMEOUT: "refused",
  INVALID_GROUP_ID: "refused",
};

/** @param error Kafka's error name, as kafkajs spells it */
export function groupAnswer(error: string): GroupAnswer {
  return ANSWERS[error] ?? "failed";
}

/** Explains why the group cannot be joined, and what to do. @param sessionTimeoutMs as requested by this member */
export function describeRefusal(error: string, groupId: string, sessionTimeoutMs: number): string {
  switch (error) {
    case "GROUP_AUTHORIZATION_FAILED":
      return `this user may not read with the group ${groupId} (GROUP_AUTHORIZATION_FAILED): allow Read and Describe on it, or choose another kafka.group`;
    case "GROUP_MAX_SIZE_REACHED":
      return `the group ${groupId} is full: raise the brokers' group.max.size, or stop a host`;
    case "INVALID_SESSION_TIMEOUT":
      return `the brokers do not allow sessions of ${sessionTimeoutMs} ms: group.min.session.timeout.ms must not be higher, and group.max.session.timeout.ms not lower`;
    case "INVALID_GROUP_ID":
      return `Kafka does not accept "${groupId}" as a group name: choose another kafka.group`;
    case "GROUP_ID_NOT_FOUND":
      return `the group ${groupId} is not a consumer group, but for example a share group or a Kafka Streams group: choose another kafka.group`;
    default:
      return `Kafka refuses the group ${groupId}: ${error}`;
  }
}

/** For a group whose leader is not one of ours, or writes a format that this version does not know. */
export function describeForeignLeader(groupId: string): string {
  return `the group ${groupId} is led by another client, or by another version of Penstock, whose assignment this one cannot read: stop that client, or choose another kafka.group`;
}

/** For a KIP-848 group: its broker admits members of the older protocol too, but assigns partitions by itself. */
export function describeNewerGroup(groupId: string): string {
  return `the group ${groupId} is used by consumers of Kafka's newer protocol (group.protocol=consumer), and no host can join such a group: stop them, or choose another kafka.group`;
}

/** Explains why one topic of the group is not read. */
export function describeStanding(
  standing: "left_out" | "missing" | "forbidden" | "unknown",
  groupId: string,
  room: { readonly neededBytes: number; readonly limitBytes: number; readonly leftOut: number } | null,
): string {
  switch (standing) {
    case "left_out":
      return room === null
        ? `the group ${groupId} has no room for it`
        : `the group ${groupId} has no room for it${othersText(room.leftOut - 1)}: with all its topics and hosts it needs ${room.neededBytes} bytes in one record of __consumer_offsets, but Kafka accepts about ${room.limitBytes}: raise max.message.bytes of that topic (tried again within 10 minutes), or give some hosts their own topics and another kafka.group`;
    case "missing":
      return "the host that assigns the group's partitions finds no such topic in Kafka";
    case "forbidden":
      return "the host that assigns the group's partitions may not describe this topic (TOPIC_AUTHORIZATION_FAILED): allow Describe on it";
    case "unknown":
      return "the topic's partitions are not known yet";
  }
}

function othersText(count: number): string {
  return count === 0 ? "" : ` and ${count === 1 ? "another topic" : `${count} other topics`}`;
}

/** Explains why a topic's offsets cannot be stored or read. */
export function describeCommitRefusal(error: string, groupId: string): string {
  if (error === "TOPIC_AUTHORIZATION_FAILED")
    return `this user may not commit offsets of this topic (${error}): allow Read on it (group ${groupId})`;
  const why =
    groupAnswer(error) === "too_large" ? `${error}; the log of the group's coordinator says why` : error;
  return `Kafka does not store the offsets of this topic in the group ${groupId}: ${why}`;
}
