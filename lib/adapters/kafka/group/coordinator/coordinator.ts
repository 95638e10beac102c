import { describeRefusal, groupAnswer } from "../../../../rules/group/answers.ts";
import { messageOf, PenstockError } from "../../../../rules/base/errors.ts";
import { kafkaWords } from "../../../../rules/trouble/kafka-words.ts";
import type { Logger } from "../../../../rules/base/logger.ts";
import type { Time } from "../../../../rules/base/time.ts";
import type { CallOptions, KafkaApi, KafkaCalls, KafkaWire } from "../../protocol/wire.ts";
import { FIND_MS, LEAVE_MS, SESSION_TIMEOUT_MS } from "../member/timing.ts";

/** The broker that coordinates the group, whichever that is at the moment. */
export class Coordinator {
  readonly groupId: string;
  readonly #wire: KafkaWire;
  readonly #time: Time;
  #node: number | null = null;
  /** Whose connections may still hold what waits. */
  #lastNode: number | null = null;
  #finding: Promise<number> | null = null;
  #brokersAnsweredMs: number | null = null;

  constructor(wire: KafkaWire, groupId: string, time: Time) {
    this.#wire = wire;
    this.groupId = groupId;
    this.#time = time;
  }

  /** When any broker told last who coordinates the group, by the monotonic clock; null: never. */
  get brokersAnsweredMs(): number | null {
    return this.#brokersAnsweredMs;
  }

  /**
   * @throws PenstockError where it cannot be asked; it is looked for anew with the next call then. Or the signal's reason
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

  /** It answered that it is another one, or not ready. */
  forget(): void {
    if (this.#node !== null) this.#forgetNode(this.#node);
  }

  /** Ends what waits for other members. */
  cutJoin(): void {
    if (this.#lastNode !== null) this.#wire.cut(this.#lastNode, "group");
  }

  /** Without it, the others would wait until the member's session is over. Never throws. */
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
      logger.debug("the group could not be told that this host leaves", { error: messageOf(error) });
    }
  }

  #forgetNode(node: number): void {
    if (this.#node === node) this.#node = null;
  }

  /** One question for all who want to know. Never called off: whoever comes next wants to know too. */
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
    // A join that waits at a broker that is not it any more would wait in vain, until its time is over.
    if (this.#lastNode !== null && this.#lastNode !== nodeId) this.cutJoin();
    this.#node = nodeId;
    this.#lastNode = nodeId;
    return nodeId;
  }
}

/** What the coordinator answered instead of doing it, in words for whoever runs the host. */
export function coordinatorError(error: string, groupId: string): PenstockError {
  if (groupAnswer(error) === "refused")
    return new PenstockError("kafka_refused", describeRefusal(error, groupId, SESSION_TIMEOUT_MS), {
      retryable: true,
    });
  const words = kafkaWords({ message: `it answers ${error}`, type: error, broker: null, afterMs: null });
  return new PenstockError("kafka_unavailable", `the group ${groupId}: ${words}`, { retryable: true });
}
