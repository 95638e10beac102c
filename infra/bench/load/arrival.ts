import { waitFor } from "../../stack/process/wait-for.ts";
import type { Target } from "./target.ts";

/** When the documents of one run arrived, as seen by asking the target. */
export interface Arrival {
  readonly documents: number;
  /** From the call to the last document. */
  readonly seconds: number;
  /** Documents a second, from the first look that saw some to the one that saw the last: without start and join. */
  readonly perSecond: number;
}

const WITHIN_MS = 600_000;

/**
 * Waits until the target has `records` documents more than `before`. It asks the target, not the sender: asking costs CPU, and
 * must cost all contenders the same.
 * @param signal should also abort if the sender ends
 * @param isOver tells, after a time without documents, whether no more will come although some are missing
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
  await waitFor(
    `${records} documents arrive`,
    async () => {
      const documents = (await target.documents()) - before;
      const now = performance.now();
      if (documents > last.documents) last = { documents, at: now };
      if (first.documents === 0) first = last;
      return documents >= records || (await isOver(now - last.at));
    },
    { everyMs: target.askEveryMs, signal, withinMs: WITHIN_MS },
  );
  const seconds = (last.at - startedAt) / 1_000;
  const { documents } = last;
  const perSecond =
    first.documents < documents
      ? ((documents - first.documents) * 1_000) / (last.at - first.at)
      : documents / seconds;
  return { documents, seconds, perSecond };
}
