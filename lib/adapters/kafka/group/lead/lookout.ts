import { sleep, type Time } from "../../../../rules/base/time.ts";
import type { Lead } from "./lead.ts";

/** Whose lookout it is. */
interface LookoutOwner {
  /** What was shared out stands. */
  mayLook(): boolean;
  /** The assignment would be another one now. */
  onNews(): void;
  onError(error: unknown): void;
}

/** Looks for what would make the leader's assignment another one. */
export class Lookout {
  readonly #lead: Lead;
  readonly #time: Time;
  readonly #owner: LookoutOwner;
  #isLooking = false;

  constructor(lead: Lead, time: Time, owner: LookoutOwner) {
    this.#lead = lead;
    this.#time = time;
    this.#owner = owner;
  }

  /** To be called every now and then. @throws the signal's reason */
  async look(signal: AbortSignal): Promise<void> {
    if (this.#owner.mayLook() && (await this.#lead.watch(signal))) this.#owner.onNews();
  }

  /** What the leader could not give yet is not waited for until the next regular look. Never throws. */
  async lookSoon(signal: AbortSignal): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    for (let ms = this.#lead.soonMs; ms !== null && !signal.aborted; ms = this.#lead.soonMs) {
      await sleep(this.#time, ms, signal).catch(() => {});
      await this.look(signal).catch((error: unknown) => this.#owner.onError(error));
    }
    this.#isLooking = false;
  }
}
