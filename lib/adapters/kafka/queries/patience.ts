import { setTimeout as sleep } from "node:timers/promises";
import { PenstockError } from "../../../rules/base/errors.ts";

/** Elections take a few seconds: on a broker's restart up to a dozen. */
const PAUSES_MS = [500, 1_000, 2_000, 4_000, 8_000] as const;

/**
 * Does it again while Kafka is choosing who answers.
 * @param act returns what is wrong where that will pass, and throws where it will not
 * @throws what it threw, or returned last; the signal's reason
 */
export async function whileLeadersMove<T>(
  act: () => Promise<T | PenstockError>,
  signal: AbortSignal,
): Promise<T> {
  for (const pauseMs of [...PAUSES_MS, null]) {
    const done = await act();
    if (!(done instanceof PenstockError)) return done;
    if (pauseMs === null) throw done;
    await sleep(pauseMs, undefined, { signal });
  }
  throw new Error("the last try ends it");
}
