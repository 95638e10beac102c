import { poll } from "./poll.ts";
import type { Target } from "./target.ts";

/** When the documents of one run came, as the target told while they did. */
export interface Arrival {
  /** From the call until all were there. */
  readonly seconds: number;
  /** Documents a second between the first look that saw some and the one that saw all: no start, no join. */
  readonly perSecond: number;
}

const WITHIN_MS = 600_000;

/**
 * Waits until so many more documents are there than `before`. The target is asked and not who sends: asking costs
 * whoever is asked, and must cost all who are compared the same.
 * @param signal aborts also where whoever sends is gone
 */
export async function untilArrived(
  target: Target,
  before: number,
  records: number,
  signal: AbortSignal,
): Promise<Arrival> {
  const startedAt = performance.now();
  let firstAt = Number.NaN;
  let first = 0;
  const lastAt = await poll(
    async () => {
      const arrived = (await target.documents()) - before;
      const now = performance.now();
      if (arrived > 0 && first === 0) [firstAt, first] = [now, arrived];
      return arrived >= records ? now : null;
    },
    target.askEveryMs,
    AbortSignal.any([signal, AbortSignal.timeout(WITHIN_MS)]),
  );
  const seconds = (lastAt - startedAt) / 1_000;
  const perSecond = first < records ? ((records - first) * 1_000) / (lastAt - firstAt) : records / seconds;
  return { seconds, perSecond };
}
