import type { LostRange } from "../../../lib/rules/offsets/position.ts";
import type { Remedy } from "../../../lib/rules/remedies/remedy.ts";
import type { PumpEvents } from "../pump/sending-deps.ts";

/** The events of one topic, whichever pump it has, with the refused fields counted. */
export interface TopicEvents extends Omit<PumpEvents, "broken" | "gaveWay"> {
  /** @param fields the number of records by field */
  gaveWay(fields: ReadonlyMap<string, number>): void;
}

/** The events of a host's topics. None of them may throw. */
export interface PoolEvents {
  /** The events of a topic that starts. */
  ofTopic(topic: string): TopicEvents;
  /** Kafka deleted these records before they were read. */
  lost(topic: string, ranges: readonly LostRange[]): void;
  /** The topic failed; its next try is due at `retryAtMs`. */
  failed(topic: string, reason: string, retryAtMs: number, remedy: Remedy | null): void;
  /** The topic left this host; nothing is counted for it any more. */
  forgotten(topic: string): void;
}
