import type { RetryReason } from "../../../lib/rules/model/record.ts";
import { stalledAfterMs, toldAfterMs, type Trouble } from "../../../lib/rules/progress/stall.ts";
import type { Time } from "../../../lib/rules/base/time.ts";

/** How what one topic sends fares: what is wrong, since when, and so how carefully it goes on. */
export class SenderHealth {
  /** True: it stalled, so it holds no more than one small fetch until a record gets an outcome again. */
  probing = false;
  /** Until its own bulk was answered well and soon, as the first one is, by which its index may be made. */
  mayTakeLong = true;
  readonly #time: Time;
  #trouble: RetryReason | null = null;
  /** Since when records have been tried again and none got an outcome, handovers in between included. */
  #troubledSinceMs: number | null = null;
  /** When a record last got an outcome, or the first of several was sent. */
  #progressAt: number;

  constructor(time: Time) {
    this.#time = time;
    this.#progressAt = time.now();
  }

  /** Something is sent, and nothing else is under way. */
  began(): void {
    this.#progressAt = this.#time.now();
  }

  /** A record got its outcome. */
  progressed(): void {
    this.#progressAt = this.#time.now();
    this.#troubledSinceMs = null;
    this.probing = false;
  }

  wasInVain(retry: RetryReason): void {
    this.#trouble = retry;
    this.#troubledSinceMs ??= this.#time.now();
    if (retry.code !== "too_many_requests") this.mayTakeLong = true;
  }

  /** All that was sent together has its outcome. */
  recovered(): void {
    this.#trouble = this.#troubledSinceMs = null;
  }

  /** Nobody asks any more for what was tried in vain. */
  letGo(): void {
    if (!this.probing) this.#trouble = null;
  }

  get isTroubled(): boolean {
    return this.#trouble !== null;
  }

  /** It must not hold up others, or be held up by them. */
  get alone(): boolean {
    // Where there is no room for anybody, going alone would only make it less.
    return this.mayTakeLong || (this.#trouble !== null && this.#trouble.code !== "too_many_requests");
  }

  get isStalled(): boolean {
    return this.#time.now() - this.#progressAt >= stalledAfterMs;
  }

  /** @param isUnderWay whether anything is, so that an outcome is due */
  told(isUnderWay: boolean): Trouble | null {
    const [trouble, sinceMs] = [this.#trouble, this.#progressAt];
    if (trouble !== null) return { sinceMs: this.#troubledSinceMs ?? sinceMs, message: trouble.message };
    const isSilent = isUnderWay && this.#time.now() - sinceMs >= toldAfterMs;
    return isSilent ? { sinceMs, message: null } : null;
  }
}
