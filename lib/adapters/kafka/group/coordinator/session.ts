import type { Time } from "../../../../rules/base/time.ts";
import type { Coordinator } from "./coordinator.ts";
import { COORDINATOR_GONE_MS, SESSION_TIMEOUT_MS } from "../member/timing.ts";

/** Tells by our own clock whether the coordinator may still consider us alive. */
export class Session {
  readonly #time: Time;
  readonly #coordinator: Pick<Coordinator, "brokersAnsweredMs">;
  #aliveMs = 0;
  #sureMs = -Infinity;

  constructor(coordinator: Pick<Coordinator, "brokersAnsweredMs">, time: Time) {
    this.#coordinator = coordinator;
    this.#time = time;
  }

  /** @param sentMs when the request was sent that the coordinator accepted from us, by the monotonic clock */
  answered(sentMs: number): void {
    this.#aliveMs = Math.max(this.#aliveMs, sentMs);
    this.#sureMs = Math.max(this.#sureMs, sentMs);
  }

  /** A join was answered: the coordinator has begun our session again, at an unknown time before. @returns now */
  restarted(): number {
    this.#aliveMs = this.#time.monotonicMs();
    return this.#aliveMs;
  }

  /**
   * Whether the coordinator surely still considers us alive. If not, it may have given our partitions to others, who do
   * not hear of us: as long as we cannot reach it, nothing may be done under a tenure that must not be done twice.
   */
  get isSure(): boolean {
    return this.#time.monotonicMs() - this.#sureMs < SESSION_TIMEOUT_MS;
  }

  /**
   * Without an answer for a whole session timeout, the group may have gone on without us: this process was frozen or
   * cut off. If brokers answer and only the coordinator does not, the group cannot go on until another broker takes
   * over.
   */
  get isOver(): boolean {
    const nowMs = this.#time.monotonicMs();
    const { brokersAnsweredMs } = this.#coordinator;
    const isCutOff = brokersAnsweredMs === null || nowMs - brokersAnsweredMs > SESSION_TIMEOUT_MS;
    return nowMs - this.#aliveMs > (isCutOff ? SESSION_TIMEOUT_MS : COORDINATOR_GONE_MS);
  }
}
