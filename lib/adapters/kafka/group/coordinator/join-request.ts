import type { GroupToken, KafkaCalls } from "../../protocol/wire.ts";
import { REBALANCE_TIMEOUT_MS, SESSION_TIMEOUT_MS } from "../member/timing.ts";

/** The assignor's name: members with another assignor cannot join. */
const PROTOCOL = "penstock";

/**
 * Builds a JoinGroup request. In a stable group the broker starts a rebalance only if the leader rejoins or a
 * subscription has changed (`GroupCoordinator.doJoinGroup`, case `Stable`); ours always changes, because it contains
 * the last generation.
 */
export function joinRequest(
  { groupId, memberId }: Pick<GroupToken, "groupId" | "memberId">,
  metadata: Uint8Array,
): KafkaCalls["JoinGroup"]["request"] {
  return {
    groupId,
    sessionTimeoutMs: SESSION_TIMEOUT_MS,
    rebalanceTimeoutMs: REBALANCE_TIMEOUT_MS,
    memberId,
    protocolType: "consumer",
    protocols: [{ name: PROTOCOL, metadata }],
  };
}
