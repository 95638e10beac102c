import type { RetryReason } from "../../../lib/rules/model/record.ts";
import { stalledAfterMs, toldAfterMs, type Trouble } from "../../../lib/rules/progress/stall.ts";
import type { Time } from "../../../lib/rules/base/time.ts";

/** How one topic's sending fares: what is wrong, since when, and how carefully it goes on. */
export class SenderHealth {
  /** True: it stalled, and holds no more than one small fetch until a record gets an outcome. */
  probing = false;
  /** True until a bulk of its own was answered well and quickly. Its first one may have to create the index. */
  mayTakeLong = true;
  readonly #time: Time;
  #trouble: RetryReason | null = null;
  /** Since when records have been retried without any outcome, across handovers too. */
  #troubledSinceMs: number | null = null;
  /** When a record last got an outcome, or sending began after a pause. */
  #progressAt: number;

  constructor(time: Time) {
    this.#time = time;
    this.#progressAt = time.now();
  }

  began(): void {
    this.#progressAt = this.#time.now();
  }

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

  /** A whole attempt has its outcomes. */
  recovered(): void {
    this.#trouble = this.#troubledSinceMs = null;
  }

  /** All records that failed before are void. */
  letGo(): void {
    if (!this.probing) this.#trouble = null;
  }

  get isTroubled(): boolean {
    return this.#trouble !== null;
  }

  /** True: its bulks go alone, so that it neither delays others nor waits for them. */
  get alone(): boolean {
    // If Elasticsearch is overloaded (429), more requests would only make it worse.
    return this.mayTakeLong || (this.#trouble !== null && this.#trouble.code !== "too_many_requests");
  }

  get isStalled(): boolean {
    return this.#time.now() - this.#progressAt >= stalledAfterMs;
  }

  /** @param isUnderWay whether an outcome is due */
  told(isUnderWay: boolean): Trouble | null {
    const [trouble, sinceMs] = [this.#trouble, this.#progressAt];
    if (trouble !== null) return { sinceMs: this.#troubledSinceMs ?? sinceMs, attempts: 1, retry: trouble };
    const isSilent = isUnderWay && this.#time.now() - sinceMs >= toldAfterMs;
    return isSilent ? { sinceMs, attempts: 0, retry: null } : null;
  }
}
