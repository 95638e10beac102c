import type { GroupTrouble } from "../../../lib/adapters/kafka/group/member/member.ts";
import type { KnownState } from "../../../lib/rules/progress/stall.ts";
import type { TopicState } from "../../../lib/rules/progress/status.ts";
import { isReadingForbidden } from "../../../lib/rules/trouble/kafka-words.ts";

/** A topic's state and since when; and since when it is down, across retries. */
export class TopicLife {
  state: TopicState = "pending";
  reason: string | null = null;
  /** Milliseconds since the epoch. */
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
   * The run that failed had been healthy, so the next outage is a new one. A topic that starts and fails again and
   * again without moving anything stays down.
   */
  wasWell(): void {
    this.#downSinceMs = null;
  }

  get downSince(): string | null {
    const isDown = this.state === "starting" || this.state === "failed";
    return isDown && this.#downSinceMs !== null ? new Date(this.#downSinceMs).toISOString() : null;
  }
}

/** The trouble of a topic whose partitions may not be read; null: they may. */
export function forbiddance(reason: string | null, sinceMs: number): GroupTrouble | null {
  if (reason === null || !isReadingForbidden(reason)) return null;
  return { code: "kafka_refused", message: reason, sinceMs };
}

/** A topic that Kafka refuses is shown as failed, but needs no restart: it runs once Kafka lets it. */
export function heldBack(known: KnownState, trouble: GroupTrouble | null): KnownState {
  if (trouble === null) return known;
  const { code, message, sinceMs } = trouble;
  if (known.state !== "starting" || code !== "kafka_refused") return { ...known, reason: message };
  return { ...known, state: "failed", reason: message, sinceMs };
}
