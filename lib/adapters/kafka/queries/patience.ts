import { setTimeout as sleep } from "node:timers/promises";
import { PenstockError } from "../../../rules/base/errors.ts";

/** Elections take a few seconds, up to a dozen when a broker restarts. */
const PAUSES_MS = [500, 1_000, 2_000, 4_000, 8_000] as const;

/**
 * Retries while Kafka elects a leader or coordinator.
 * @param act returns temporary errors and throws others
 * @throws what `act` threw or returned last; the signal's reason
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
