import type { Time } from "../../../../rules/base/time.ts";
import type { Coordinator } from "./coordinator.ts";
import { COORDINATOR_GONE_MS, SESSION_TIMEOUT_MS } from "../member/timing.ts";

/** Whether the coordinator can still take us for alive, by our own clock. */
export class Session {
  readonly #time: Time;
  readonly #coordinator: Coordinator;
  #aliveMs = 0;

  constructor(coordinator: Coordinator, time: Time) {
    this.#coordinator = coordinator;
    this.#time = time;
  }

  /** @param sentMs when the request was sent that the coordinator answered as a member's, by the monotonic clock */
  answered(sentMs: number): void {
    this.#aliveMs = Math.max(this.#aliveMs, sentMs);
  }

  /**
   * Where nothing was answered for as long as a session lasts, the group may have gone on without us: this process was frozen, or cut off.
   * Not so where brokers answer and only the coordinator does not, until one has taken over.
   */
  get isOver(): boolean {
    const nowMs = this.#time.monotonicMs();
    const { brokersAnsweredMs } = this.#coordinator;
    const isCutOff = brokersAnsweredMs === null || nowMs - brokersAnsweredMs > SESSION_TIMEOUT_MS;
    return nowMs - this.#aliveMs > (isCutOff ? SESSION_TIMEOUT_MS : COORDINATOR_GONE_MS);
  }
}
