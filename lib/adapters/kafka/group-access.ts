import type { KafkaError, KafkaWire } from "./wire/wire.ts";

const ANSWER_MS = 5_000;
/** No broker gives out such an id: nobody's membership is touched. */
const NOBODY = "penstock-doctor";

/**
 * Whether the group may be joined, found out by a heartbeat of nobody: it takes the same permission, and changes nothing.
 * @returns why not; null: it may, or nobody can tell
 * @throws PenstockError `kafka_unavailable`
 */
export async function joinRefusal(
  wire: KafkaWire,
  groupId: string,
  signal: AbortSignal,
): Promise<string | null> {
  const how = { lane: "questions", timeoutMs: ANSWER_MS, signal } as const;
  const { error, nodeId } = await wire.call(null, "FindCoordinator", { groupId }, how);
  // None yet: nobody can tell.
  if (error !== null) return refusalOf(error);
  const heartbeat = { groupId, generation: 0, memberId: NOBODY };
  return refusalOf((await wire.call(nodeId, "Heartbeat", heartbeat, how)).error);
}

function refusalOf(error: KafkaError): string | null {
  if (error?.endsWith("_AUTHORIZATION_FAILED") !== true) return null;
  return `Kafka does not let this user join it (${error})`;
}
