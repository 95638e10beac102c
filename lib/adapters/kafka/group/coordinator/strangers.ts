import { PenstockError } from "../../../../rules/base/errors.ts";
import { describeStrangers, type GroupMember } from "../../../../rules/group/strangers.ts";
import type { Coordinator } from "./coordinator.ts";

/** Who leads a group of KIP-848, as a member of the older protocol is told (Kafka's `GroupMetadataManager.classicGroupJoinToConsumerGroup`). */
export const LED_BY_BROKER = "";
/** A failed join is not held up for longer by the question why. */
const ASK_MS = 3_000;

/** Names who else is in a group whose members share partitions in a way of their own (`INCONSISTENT_GROUP_PROTOCOL`). */
export async function strangersError(coordinator: Coordinator, signal: AbortSignal): Promise<PenstockError> {
  const { groupId } = coordinator;
  let members: readonly GroupMember[] = [];
  try {
    const how = { lane: "questions", timeoutMs: ASK_MS, signal } as const;
    const { groups } = await coordinator.call("DescribeGroups", { groups: [groupId] }, how);
    members = groups[0]?.members ?? [];
  } catch {
    // It may not be allowed to: that somebody else is there is known all the same.
  }
  return new PenstockError("kafka_refused", describeStrangers(groupId, members), { retryable: true });
}
