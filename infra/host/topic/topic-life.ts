import type { TopicState } from "../../../lib/rules/progress/status.ts";

/** Which state a topic is in and since when; and since when it is down, whatever it tries in between. */
export class TopicLife {
  state: TopicState = "pending";
  reason: string | null = null;
  /** Milliseconds since the epoch, as all times here. */
  sinceMs: number;
  #downSinceMs: number | null = null;
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
    this.sinceMs = now();
  }

  enter(next: TopicState, why: string | null): void {
    if (this.state !== next) this.sinceMs = this.#now();
    if (next === "starting" || next === "failed") this.#downSinceMs ??= this.#now();
    else if (next !== "running") this.#downSinceMs = null;
    this.state = next;
    this.reason = why;
  }

  /**
   * What ended had been well: what comes now is a trouble of its own. To be told of every end that deserves it: a
   * consumer that joins and falls over, again and again, moves nothing and stays down.
   */
  wasWell(): void {
    this.#downSinceMs = null;
  }

  /** ISO 8601; null: it runs, or need not. */
  get downSince(): string | null {
    const isDown = this.state === "starting" || this.state === "failed";
    return isDown && this.#downSinceMs !== null ? new Date(this.#downSinceMs).toISOString() : null;
  }
}
