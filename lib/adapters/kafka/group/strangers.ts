import { messageOf, PenstockError } from "../../../rules/errors.ts";
import { describeStrangers, type GroupMember } from "../../../rules/group-strangers.ts";
import { deadline } from "../../../rules/time.ts";
import type { GroupMemberOptions } from "./member.ts";

/** A failed join is not held up for longer by the question why. */
const ASK_MS = 3_000;

/** Names who else is in a group whose members share partitions in a way of their own (`INCONSISTENT_GROUP_PROTOCOL`). */
export async function strangersError(
  { groupId, strangers, time, logger }: GroupMemberOptions,
  signal: AbortSignal,
): Promise<PenstockError> {
  using limit = deadline(time, ASK_MS, signal);
  let members: readonly GroupMember[] = [];
  try {
    members = (await strangers?.(limit.signal)) ?? [];
  } catch (error) {
    // It may not be allowed to: that somebody else is there is known all the same.
    logger.debug("a group could not be described", { groupId, error: messageOf(error) });
  }
  return new PenstockError("kafka_refused", describeStrangers(groupId, members), { retryable: true });
}
