import type { PenstockError } from "../../../rules/base/errors.ts";
import { isMoving } from "../../../rules/trouble/kafka-words.ts";
import { coordinatorError } from "../group/coordinator/coordinator.ts";
import { whileLeadersMove } from "./patience.ts";
import type { DescribedMember, KafkaError, KafkaWire } from "../protocol/wire.ts";

const ANSWER_MS = 5_000;
/** No broker assigns such an id, so no member is affected. */
const NOBODY = "penstock-doctor";

/** A consumer group as its coordinator describes it. */
export interface GroupDescription {
  readonly error: KafkaError;
  readonly state: string;
  readonly protocolType: string;
  readonly members: readonly DescribedMember[];
}

/** @throws PenstockError `kafka_unavailable`, `kafka_refused`; the signal's reason */
export async function describeGroup(
  wire: KafkaWire,
  groupId: string,
  signal: AbortSignal,
): Promise<GroupDescription> {
  return ofCoordinator(wire, groupId, signal, async (node) => {
    const how = { lane: "questions", timeoutMs: ANSWER_MS, signal } as const;
    const { groups } = await wire.call(node, "DescribeGroups", { groups: [groupId] }, how);
    const described = groups[0] ?? { error: "UNKNOWN", state: "", protocolType: "", members: [] };
    if (described.state !== "Dead") return described;
    // A group of the newer protocol is described as missing, but still listed.
    const listed = (await wire.call(node, "ListGroups", {}, how)).groups.find(
      (group) => group.groupId === groupId,
    );
    return { ...described, protocolType: listed?.protocolType ?? "" };
  });
}

/**
 * Sends a request to the group's coordinator, and retries while the coordinator is changing.
 * @throws PenstockError `kafka_unavailable`, `kafka_refused`; the signal's reason
 */
export function ofCoordinator<T extends { readonly error: KafkaError }>(
  wire: KafkaWire,
  groupId: string,
  signal: AbortSignal,
  ask: (node: number) => Promise<T>,
): Promise<T> {
  return whileLeadersMove<T>(async () => {
    const { error, nodeId } = await findCoordinator(wire, groupId, signal);
    if (error !== null) throw coordinatorError(error, groupId);
    return unlessMoving(await ask(nodeId), groupId);
  }, signal);
}

function findCoordinator(wire: KafkaWire, groupId: string, signal: AbortSignal) {
  const how = { lane: "questions", timeoutMs: ANSWER_MS, signal } as const;
  return whileLeadersMove(
    async () => unlessMoving(await wire.call(null, "FindCoordinator", { groupId }, how), groupId),
    signal,
  );
}

function unlessMoving<T extends { readonly error: KafkaError }>(
  answer: T,
  groupId: string,
): T | PenstockError {
  return answer.error !== null && isMoving(answer.error) ? coordinatorError(answer.error, groupId) : answer;
}

/**
 * Checks whether the group may be joined, with a heartbeat of a nonexistent member: it needs the same permission and
 * changes nothing.
 * @returns the reason if it may not; null if it may, or if that is unknown
 * @throws PenstockError `kafka_unavailable`
 */
export async function joinRefusal(
  wire: KafkaWire,
  groupId: string,
  signal: AbortSignal,
): Promise<string | null> {
  const { error, nodeId } = await findCoordinator(wire, groupId, signal);
  if (error !== null) return refusalOf(error);
  const how = { lane: "questions", timeoutMs: ANSWER_MS, signal } as const;
  const heartbeat = { groupId, generation: 0, memberId: NOBODY };
  return refusalOf((await wire.call(nodeId, "Heartbeat", heartbeat, how)).error);
}

function refusalOf(error: KafkaError): string | null {
  if (error?.endsWith("_AUTHORIZATION_FAILED") !== true) return null;
  return `Kafka does not let this user join it (${error})`;
}
