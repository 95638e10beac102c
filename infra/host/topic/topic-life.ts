import type { GroupTrouble } from "../../../lib/adapters/kafka/group/member/member.ts";
import { messageOf, PenstockError } from "../../../lib/rules/base/errors.ts";
import { httpStatusOf } from "../../../lib/rules/diagnosis/elasticsearch.ts";
import type { KnownState } from "../../../lib/rules/progress/stall.ts";
import type { TopicState } from "../../../lib/rules/progress/status.ts";
import type { TopicCause } from "../../../lib/rules/remedies/topic.ts";
import { RefusedTemplate } from "../../../lib/rules/template/index-template.ts";
import { isReadingForbidden } from "../../../lib/rules/trouble/kafka-words.ts";

/** A topic's state and since when; and since when it is down, across retries. */
export class TopicLife {
  state: TopicState = "pending";
  reason: string | null = null;
  /** What the reason is about; null: nothing to mend. */
  cause: TopicCause | null = null;
  /** Milliseconds since the epoch. */
  sinceMs: number;
  #downSinceMs: number | null = null;
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
    this.sinceMs = now();
  }

  enter(next: TopicState, why: string | null, cause: TopicCause | null = null): void {
    if (this.state !== next) this.sinceMs = this.#now();
    if (next === "starting" || next === "failed") this.#downSinceMs ??= this.#now();
    else if (next !== "running") this.#downSinceMs = null;
    this.state = next;
    this.reason = why;
    this.cause = cause;
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
  const cause = { kind: "kafka", reason: message } as const;
  if (known.state !== "starting" || code !== "kafka_refused") return { ...known, reason: message, cause };
  return { ...known, state: "failed", reason: message, cause, sinceMs };
}

/** What an error that ended a topic's run is about. @param isStream whether it writes to a data stream */
export function causeOf(error: unknown, isStream: boolean): TopicCause | null {
  if (!(error instanceof PenstockError)) return null;
  const reason = messageOf(error);
  if (error.cause instanceof RefusedTemplate)
    return { kind: "template", reason: error.cause.message, isStream };
  if (error.code === "topic_missing") return { kind: "missing" };
  if (error.code.startsWith("kafka_")) return { kind: "kafka", reason };
  if (!error.code.startsWith("elasticsearch_")) return null;
  return { kind: "elasticsearch", reason, status: httpStatusOf(error) ?? httpStatusOf(error.cause) };
}
