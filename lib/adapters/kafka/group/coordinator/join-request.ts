import type { GroupToken, KafkaCalls } from "../../protocol/wire.ts";
import { REBALANCE_TIMEOUT_MS, SESSION_TIMEOUT_MS } from "../member/timing.ts";

/** Of the way in which members share partitions: whoever shares in another way cannot join. */
const PROTOCOL = "penstock";

/**
 * What a member joins with. In a stable group the broker begins a rebalance only where its leader joins again or a subscription is other than
 * before (`GroupCoordinator.doJoinGroup`, case `Stable`); ours always is, since it names the last generation that was told.
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
