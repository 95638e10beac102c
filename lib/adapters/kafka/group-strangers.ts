import { describeStrangers, type GroupMember } from "../../rules/group-strangers.ts";
import { messageOf, PenstockError } from "../../rules/errors.ts";
import type { Logger } from "../../rules/logger.ts";
import type { KafkaSettings } from "../../rules/settings.ts";
import { createKafkaAdmin } from "./admin.ts";
import type { KafkaLinks } from "./links.ts";
import { answeredType } from "./trouble.ts";

interface Asking {
  readonly kafka: KafkaSettings;
  readonly logger: Logger;
  readonly links?: KafkaLinks;
}

/** A failed start is not held up for longer by the question why. */
const ASK_MS = 3_000;

/**
 * Who else is in a group that cannot be joined, because its members share partitions in a way of their own.
 * @returns null where the error is of another kind
 */
export async function strangersIn(
  groupId: string,
  error: unknown,
  { kafka, logger, links }: Asking,
): Promise<PenstockError | null> {
  if (answeredType(error) !== "INCONSISTENT_GROUP_PROTOCOL") return null;
  const admin = createKafkaAdmin(kafka, logger, links);
  let members: readonly GroupMember[] = [];
  try {
    const { groups } = await admin.ask(
      (client) => client.describeGroups([groupId]),
      AbortSignal.timeout(ASK_MS),
    );
    members = groups.flatMap((group) => group.members);
  } catch (failure) {
    // It may not be allowed to: that somebody else is there is known all the same.
    logger.debug("a group could not be described", { groupId, error: messageOf(failure) });
  } finally {
    await admin.close();
  }
  const text = describeStrangers(groupId, members);
  return new PenstockError("kafka_refused", text, { retryable: true, cause: error });
}
