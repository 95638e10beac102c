/** A member of a consumer group, as Kafka describes it. */
export interface GroupMember {
  readonly clientId: string;
  /** As Kafka writes it: `/10.0.0.1`. */
  readonly clientHost: string;
}

/**
 * The same on every host. kafkajs' assigner, which older versions of Penstock use, sorts members by their ids, which
 * begin with it. With host names in it, every one-partition topic would land on the same host.
 */
export const OUR_CLIENT_ID = "penstock";
const NAMED = 3;

/** Explains why a group with incompatible members cannot be joined, and what to do. */
export function describeStrangers(groupId: string, members: readonly GroupMember[]): string {
  const strangers = members
    .filter(({ clientId }) => clientId !== OUR_CLIENT_ID)
    .map(({ clientId, clientHost }) => `"${clientId}" at ${clientHost.replace(/^\//, "")}`);
  const named = [...new Set(strangers)].slice(0, NAMED).join(", ");
  const who = named === "" ? "another client" : `another client (${named})`;
  return `group ${groupId} is used by ${who}, which assigns partitions in another way: stop that client, or choose another kafka.group`;
}
