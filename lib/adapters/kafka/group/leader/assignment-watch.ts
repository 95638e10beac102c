import { sleep, type Time } from "../../../../rules/base/time.ts";
import type { Leader } from "./leader.ts";

interface WatchOwner {
  isStable(): boolean;
  /** Called if the assignment would be different now. */
  onOutdated(): void;
  onError(error: unknown): void;
}

/** Checks whether the leader's assignment is outdated. */
export class AssignmentWatch {
  readonly #leader: Leader;
  readonly #time: Time;
  readonly #owner: WatchOwner;
  #isChecking = false;

  constructor(leader: Leader, time: Time, owner: WatchOwner) {
    this.#leader = leader;
    this.#time = time;
    this.#owner = owner;
  }

  /** Call it regularly. @throws the signal's reason */
  async check(signal: AbortSignal): Promise<void> {
    if (this.#owner.isStable() && (await this.#leader.watch(signal))) this.#owner.onOutdated();
  }

  /** Retries topics that could not be assigned yet, before the next regular check. Never throws. */
  async checkSoon(signal: AbortSignal): Promise<void> {
    if (this.#isChecking) return;
    this.#isChecking = true;
    for (let ms = this.#leader.soonMs; ms !== null && !signal.aborted; ms = this.#leader.soonMs) {
      await sleep(this.#time, ms, signal).catch(() => {});
      await this.check(signal).catch((error: unknown) => this.#owner.onError(error));
    }
    this.#isChecking = false;
  }
}
