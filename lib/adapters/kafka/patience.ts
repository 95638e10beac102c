import { setTimeout as sleep } from "node:timers/promises";
import { isMoving } from "../../rules/kafka-words.ts";
import { answeredType } from "./trouble.ts";

/** Elections take a few seconds: on a broker's restart up to a dozen. */
const PAUSES_MS = [500, 1_000, 2_000, 4_000, 8_000] as const;

/**
 * Does it again while Kafka answers that a partition's leader, or a group's coordinator, is moving.
 * @throws what it threw last; the signal's reason
 */
export async function whileLeadersMove<T>(act: () => Promise<T>, signal: AbortSignal): Promise<T> {
  for (const pauseMs of PAUSES_MS) {
    try {
      return await act();
    } catch (error) {
      const type = answeredType(error);
      if (type === null || !isMoving(type)) throw error;
    }
    await sleep(pauseMs, undefined, { signal });
  }
  return act();
}
