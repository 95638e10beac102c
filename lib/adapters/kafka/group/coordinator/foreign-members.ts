import { PenstockError } from "../../../../rules/base/errors.ts";
import { describeStrangers, type GroupMember } from "../../../../rules/group/strangers.ts";
import type { Coordinator } from "./coordinator.ts";

/** The leader's id in a KIP-848 group (Kafka's `GroupMetadataManager.classicGroupJoinToConsumerGroup`). */
export const LED_BY_BROKER = "";
/** Limits how long the explanation of a failed join may take. */
const ASK_MS = 3_000;

/** Names the other members of a group that uses another assignor (`INCONSISTENT_GROUP_PROTOCOL`). */
export async function foreignMembersError(
  coordinator: Coordinator,
  signal: AbortSignal,
): Promise<PenstockError> {
  const { groupId } = coordinator;
  let members: readonly GroupMember[] = [];
  try {
    const how = { lane: "questions", timeoutMs: ASK_MS, signal } as const;
    const { groups } = await coordinator.call("DescribeGroups", { groups: [groupId] }, how);
    members = groups[0]?.members ?? [];
  } catch {
    // The request may be forbidden. The error is useful without the names.
  }
  return new PenstockError("kafka_refused", describeStrangers(groupId, members), { retryable: true });
}
