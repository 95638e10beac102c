import { setTimeout as delay } from "node:timers/promises";
import { PenstockError } from "../../../rules/base/errors.ts";
import { askAgain } from "../ask-again.ts";
import type { Elasticsearch } from "../client.ts";
import { isRefused } from "./settling.ts";
import { askUnderWay } from "./under-way.ts";

const LOOK_AGAIN_MS = 200;
/** Longer than Elasticsearch holds a bulk back for a missing shard. */
const MOST_MS = 120_000;

/**
 * Waits until the bulk requests are over that Elasticsearch executes now for these names: one without an answer may still
 * write its records. Does not wait if Elasticsearch refuses to list them.
 * @throws PenstockError `elasticsearch_unavailable`, or the signal's reason
 */
export async function untilQuiet(
  elasticsearch: Pick<Elasticsearch, "ask">,
  names: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  let busy = await underWay();
  for (let waitedMs = 0; busy.size > 0 && waitedMs < MOST_MS; waitedMs += LOOK_AGAIN_MS) {
    await delay(LOOK_AGAIN_MS, undefined, { signal });
    busy = busy.intersection(await underWay());
  }
  if (busy.size === 0) return;
  const message = `bulk requests to ${names[0] ?? ""} do not end: what they write cannot be seen yet`;
  throw new PenstockError("elasticsearch_unavailable", message, { retryable: true });

  async function underWay(): Promise<ReadonlySet<string>> {
    try {
      const [found] = await askAgain(() => askUnderWay(elasticsearch, [names], signal), signal);
      return found ?? new Set();
    } catch (error) {
      if (isRefused(error)) return new Set();
      throw error;
    }
  }
}
