import { inBatches, isTooLarge } from "../client/dead-letters.ts";

/** What is written to a partition of its own, because a start reads days of the one, and hours of the other. */
export type HistoryLane = "lasting" | "minutes";

export interface HistoryEntry {
  readonly lane: HistoryLane;
  readonly value: string;
}

/**
 * Sends entries in batches of one lane each: a request to two leaders may succeed at one of them only. A batch that is too
 * large is halved, and a single entry that is too large is left out. A lane that fails does not hold up the other.
 * @param onSettled told what must not be sent again
 * @returns whether an entry was left out
 * @throws what `send` throws for another reason
 */
export async function sendEntries(
  entries: readonly HistoryEntry[],
  send: (batch: readonly HistoryEntry[]) => Promise<void>,
  onSettled: (entries: readonly HistoryEntry[]) => void,
): Promise<boolean> {
  let isCut = false;
  const sendBatch = async (batch: readonly HistoryEntry[]): Promise<void> => {
    try {
      await send(batch);
    } catch (error) {
      if (!isTooLarge(error)) throw error;
      if (batch.length > 1) {
        const middle = Math.ceil(batch.length / 2);
        await sendBatch(batch.slice(0, middle));
        await sendBatch(batch.slice(middle));
        return;
      }
      isCut = true;
    }
    onSettled(batch);
  };
  const lanes = Map.groupBy(entries, ({ lane }) => lane);
  const ends = await Promise.allSettled(
    [...lanes.values()].map(async (lane) => {
      // What waited for hours comes in several.
      for (const batch of inBatches(lane, ({ value }) => value.length)) await sendBatch(batch);
    }),
  );
  const failed = ends.find((end) => end.status === "rejected");
  if (failed !== undefined) throw failed.reason;
  return isCut;
}
