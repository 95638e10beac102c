import { describeRefusal, groupAnswer } from "../../../../rules/group/answers.ts";
import { messageOf, PenstockError } from "../../../../rules/base/errors.ts";
import { kafkaWords } from "../../../../rules/trouble/kafka-words.ts";
import type { Logger } from "../../../../rules/base/logger.ts";
import type { Time } from "../../../../rules/base/time.ts";
import type { CallOptions, KafkaApi, KafkaCalls, KafkaWire } from "../../protocol/wire.ts";
import { FIND_MS, LEAVE_MS, SESSION_TIMEOUT_MS } from "../member/timing.ts";

/** Sends requests to the broker that currently coordinates the group. */
export class Coordinator {
  readonly groupId: string;
  readonly #wire: KafkaWire;
  readonly #time: Time;
  #node: number | null = null;
  /** The last known coordinator; its connection may still hold a waiting join. */
  #lastNode: number | null = null;
  #finding: Promise<number> | null = null;
  #brokersAnsweredMs: number | null = null;

  constructor(wire: KafkaWire, groupId: string, time: Time) {
    this.#wire = wire;
    this.groupId = groupId;
    this.#time = time;
  }

  /** When a broker last named the coordinator, by the monotonic clock; null if never. */
  get brokersAnsweredMs(): number | null {
    return this.#brokersAnsweredMs;
  }

  /**
   * @throws PenstockError if the coordinator cannot be reached (the next call looks it up again), or the signal's
   *   reason
   */
  async call<A extends KafkaApi>(
    api: A,
    request: KafkaCalls[A]["request"],
    how: CallOptions,
  ): Promise<KafkaCalls[A]["answer"]> {
    const node = await this.#find();
    how.signal?.throwIfAborted();
    try {
      return await this.#wire.call(node, api, request, how);
    } catch (error) {
      this.#forgetNode(node);
      throw error;
    }
  }

  /** Called if the broker answers that it is not the coordinator, or not ready. */
  forget(): void {
    if (this.#node !== null) this.#forgetNode(this.#node);
  }

  /** Ends a join that waits for other members. */
  cutJoin(): void {
    if (this.#lastNode !== null) this.#wire.cut(this.#lastNode, "group");
  }

  /** Without this, the others would wait for the member's session to expire. Never throws. */
  async leave(memberId: string, logger: Logger): Promise<void> {
    const groupId = this.groupId;
    try {
      const { error } = await this.call(
        "LeaveGroup",
        { groupId, memberId },
        { lane: "questions", timeoutMs: LEAVE_MS },
      );
      if (error !== null && groupAnswer(error) !== "gone") throw coordinatorError(error, groupId);
    } catch (error) {
      logger.debug("could not tell the group that this host leaves", { error: messageOf(error) });
    }
  }

  #forgetNode(node: number): void {
    if (this.#node === node) this.#node = null;
  }

  /** All callers share one lookup. It is never cancelled, because the next caller needs it too. */
  #find(): Promise<number> {
    if (this.#node !== null) return Promise.resolve(this.#node);
    this.#finding ??= this.#ask().finally(() => {
      this.#finding = null;
    });
    return this.#finding;
  }

  async #ask(): Promise<number> {
    const groupId = this.groupId;
    const how: CallOptions = { lane: "questions", timeoutMs: FIND_MS };
    const { error, nodeId } = await this.#wire.call(null, "FindCoordinator", { groupId }, how);
    this.#brokersAnsweredMs = this.#time.monotonicMs();
    if (error !== null) throw coordinatorError(error, groupId);
    // A join still waiting at the old coordinator would only time out.
    if (this.#lastNode !== null && this.#lastNode !== nodeId) this.cutJoin();
    this.#node = nodeId;
    this.#lastNode = nodeId;
    return nodeId;
  }
}

/** Explains the coordinator's refusal to the operator. */
export function coordinatorError(error: string, groupId: string): PenstockError {
  if (groupAnswer(error) === "refused")
    return new PenstockError("kafka_refused", describeRefusal(error, groupId, SESSION_TIMEOUT_MS), {
      retryable: true,
    });
  const words = kafkaWords({ message: `it answers ${error}`, type: error, broker: null, afterMs: null });
  return new PenstockError("kafka_unavailable", `the group ${groupId}: ${words}`, { retryable: true });
}
