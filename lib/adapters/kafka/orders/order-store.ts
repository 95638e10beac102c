import { PenstockError } from "../../../rules/base/errors.ts";
import { describeCommitRefusal } from "../../../rules/group/answers.ts";
import type { Time } from "../../../rules/base/time.ts";
import { orderGroup, type orderKinds, type StoredOrder } from "../../../rules/offsets/order-groups.ts";
import { isMoving } from "../../../rules/trouble/kafka-words.ts";
import { Coordinator, coordinatorError } from "../group/coordinator/coordinator.ts";
import type { KafkaCalls, KafkaError, KafkaWire } from "../protocol/wire.ts";
import { whileLeadersMove } from "../queries/patience.ts";

/**
 * Keeps orders in Kafka, as commits of a consumer group that nobody joins: every host sees them, they outlive all hosts,
 * and they need neither etcd nor a file that Penstock may write.
 *
 * The broker deletes a commit of such a group `offsets.retention.minutes` (7 days) after it was written, and at once with
 * its topic. There is no compare-and-set: of two writers the later one wins.
 */
export interface OrderStore {
  /**
   * All orders, of all topics.
   * @throws PenstockError `kafka_unavailable`, `kafka_refused`; the signal's reason
   */
  read(signal: AbortSignal): Promise<readonly StoredOrder[]>;
  /**
   * Overwrites the orders of these partitions. Of several, some may have been written if it throws.
   * @throws as `read`
   */
  write(orders: readonly StoredOrder[], signal: AbortSignal): Promise<void>;
}

export type OrderKind = (typeof orderKinds)[number];

const ANSWER_MS = 5_000;
/** A commit from outside names no member (the broker then checks only that the group has none). */
const NO_MEMBER = { generation: -1, memberId: "" } as const;

/** The stores of all kinds. @param group the hosts' own consumer group, `kafka.group` */
export function createOrders(
  wire: KafkaWire,
  group: string,
  time: Time,
): Readonly<Record<OrderKind, OrderStore>> {
  const store = (kind: OrderKind): OrderStore => createOrderStore(wire, group, kind, time);
  return {
    holds: store("holds"),
    rewinds: store("rewinds"),
    rebuilds: store("rebuilds"),
    "rebuild-positions": store("rebuild-positions"),
  };
}

/** @param group the hosts' own consumer group, `kafka.group` */
export function createOrderStore(wire: KafkaWire, group: string, kind: OrderKind, time: Time): OrderStore {
  const groupId = orderGroup(group, kind);
  const coordinator = new Coordinator(wire, groupId, time);
  /** @returns the error if it is temporary @throws it otherwise */
  const ask = async <A extends "OffsetFetch" | "OffsetCommit">(
    api: A,
    request: KafkaCalls[A]["request"],
    signal: AbortSignal,
  ): Promise<KafkaCalls[A]["answer"] | PenstockError> => {
    try {
      return await coordinator.call(api, request, { lane: "questions", timeoutMs: ANSWER_MS, signal });
    } catch (error) {
      // The first question of a new cluster lets it create its topic of commits.
      if (error instanceof PenstockError && error.code === "kafka_unavailable") return error;
      throw error;
    }
  };
  /** @returns the error if it is temporary @throws it otherwise */
  const judge = (error: string): PenstockError => {
    if (error === "TOPIC_AUTHORIZATION_FAILED")
      throw new PenstockError("kafka_refused", describeCommitRefusal(error, groupId), { retryable: true });
    const refusal = coordinatorError(error, groupId);
    if (!isMoving(error)) throw refusal;
    coordinator.forget();
    return refusal;
  };
  const firstError = (answered: Iterable<{ readonly error: KafkaError }>): KafkaError => {
    for (const { error } of answered) if (error !== null) return error;
    return null;
  };

  return {
    read: (signal) =>
      whileLeadersMove(async () => {
        const answer = await ask("OffsetFetch", { groupId, topics: null }, signal);
        if (answer instanceof PenstockError) return answer;
        const { error, topics } = answer;
        const all = topics.flatMap(({ topic, partitions }) => partitions.map((one) => ({ topic, ...one })));
        const refused = error ?? firstError(all);
        if (refused !== null) return judge(refused);
        return all.flatMap(({ topic, partition, offset, metadata }) =>
          metadata === null || metadata === "" ? [] : [{ topic, partition, offset, metadata }],
        );
      }, signal),
    async write(orders, signal) {
      if (orders.length === 0) return;
      const topics = [...Map.groupBy(orders, ({ topic }) => topic)].map(([topic, partitions]) => ({
        topic,
        partitions,
      }));
      await whileLeadersMove(async () => {
        const request = { groupId, ...NO_MEMBER, topics };
        const answer = await ask("OffsetCommit", request, signal);
        if (answer instanceof PenstockError) return answer;
        const refused = firstError(answer.topics.flatMap(({ partitions }) => partitions));
        return refused === null ? null : judge(refused);
      }, signal);
    },
  };
}
