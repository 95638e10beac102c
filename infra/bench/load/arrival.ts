import { poll } from "../kit/poll.ts";
import type { Target } from "./target.ts";

/** When the documents of one run came, as the target told while they did. */
export interface Arrival {
  readonly documents: number;
  /** From the call until the last was there. */
  readonly seconds: number;
  /** Documents a second between the first look that saw some and the one that saw the last: no start, no join. */
  readonly perSecond: number;
}

const WITHIN_MS = 600_000;

/**
 * Waits until so many more documents are there than `before`. The target is asked and not who sends: asking costs
 * whoever is asked, and must cost all who are compared the same.
 * @param signal aborts also where whoever sends is gone
 * @param isOver whether fewer are all that come, where nothing has come for so long
 */
export async function untilArrived(
  target: Target,
  before: number,
  records: number,
  signal: AbortSignal,
  isOver: (quietMs: number) => boolean | Promise<boolean> = () => false,
): Promise<Arrival> {
  const startedAt = performance.now();
  let first = { documents: 0, at: startedAt };
  let last = first;
  await poll(
    async () => {
      const documents = (await target.documents()) - before;
      const now = performance.now();
      if (documents > last.documents) last = { documents, at: now };
      if (first.documents === 0) first = last;
      return documents >= records || (await isOver(now - last.at)) ? true : null;
    },
    target.askEveryMs,
    AbortSignal.any([signal, AbortSignal.timeout(WITHIN_MS)]),
  );
  const seconds = (last.at - startedAt) / 1_000;
  const { documents } = last;
  const perSecond =
    first.documents < documents
      ? ((documents - first.documents) * 1_000) / (last.at - first.at)
      : documents / seconds;
  return { documents, seconds, perSecond };
}
