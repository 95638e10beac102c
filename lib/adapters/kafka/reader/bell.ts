import type { Time } from "../../../rules/base/time.ts";

/** What one loop waits by: until it is rung for, or for some time. */
export class Bell {
  readonly #time: Time;
  #waiting: (() => void) | null = null;
  #resting: (() => void) | null = null;
  #rung = false;
  #closed = false;

  constructor(time: Time) {
    this.#time = time;
  }

  /** Ends the wait, or the next one. */
  ring(): void {
    const wake = this.#waiting;
    this.#waiting = null;
    this.#rung = wake === null;
    wake?.();
  }

  /** Resolves with the next ring, or at once if it rang since the last wait. @param ms at most; null: as long as it takes */
  async wait(ms: number | null): Promise<void> {
    if (!this.#rung && !this.#closed) {
      const ended = Promise.withResolvers<void>();
      this.#waiting = ended.resolve;
      const callOff = ms === null ? null : this.#time.after(ms, ended.resolve);
      await ended.promise;
      callOff?.();
      this.#waiting = null;
    }
    this.#rung = false;
  }

  /** Resolves after that time, whoever rings. */
  async rest(ms: number): Promise<void> {
    if (this.#closed) return;
    const ended = Promise.withResolvers<void>();
    this.#resting = ended.resolve;
    const callOff = this.#time.after(ms, ended.resolve);
    await ended.promise;
    callOff();
    this.#resting = null;
  }

  /** Ends every wait, for good. */
  close(): void {
    this.#closed = true;
    this.#resting?.();
    this.ring();
  }
}
