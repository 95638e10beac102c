import { PenstockError } from "../../rules/errors.ts";
import type { KafkaError, KafkaWire } from "./wire/wire.ts";

const ANSWER_MS = 5_000;
/** No broker gives out such an id: nobody's membership is touched. */
const NOBODY = "penstock-doctor";

/**
 * Whether the group may be joined, found out by a heartbeat of nobody: it takes the same permission, and changes nothing.
 * @throws PenstockError `kafka_refused` where it may not, or `kafka_unavailable`
 */
export async function mayJoin(wire: KafkaWire, groupId: string, signal: AbortSignal): Promise<void> {
  const how = { lane: "questions", timeoutMs: ANSWER_MS, signal } as const;
  const { error, nodeId } = await wire.call(null, "FindCoordinator", { groupId }, how);
  failIfForbidden(groupId, error);
  // None yet: nobody can tell.
  if (error !== null) return;
  const heartbeat = { groupId, generation: 0, memberId: NOBODY };
  failIfForbidden(groupId, (await wire.call(nodeId, "Heartbeat", heartbeat, how)).error);
}

function failIfForbidden(groupId: string, error: KafkaError): void {
  if (error?.endsWith("_AUTHORIZATION_FAILED") !== true) return;
  throw new PenstockError(
    "kafka_refused",
    `group "${groupId}": Kafka does not let this user join it (${error})`,
  );
}
