import type { HistoryWriter } from "../../../lib/adapters/kafka/history/history-topic.ts";
import type { HistoryEntry } from "../../../lib/adapters/kafka/history/send-entries.ts";
import { abortable } from "../../../lib/rules/base/abortable.ts";
import { messageOf } from "../../../lib/rules/base/errors.ts";
import { deadline, type Time } from "../../../lib/rules/base/time.ts";
import type { Logger } from "../../../lib/rules/base/logger.ts";

/** Writes entries to Kafka in their order, and keeps them for a while if Kafka does not take them. */
export interface Outbox {
  put(entries: readonly HistoryEntry[]): void;
  /** Writes what waits, after a write that is under way. Ends when the signal aborts. Never rejects. */
  flush(signal: AbortSignal): Promise<void>;
  /** Why the last write failed; null if it did not. */
  readonly problem: string | null;
}

export interface OutboxDeps {
  /** Null: nothing is written. */
  writer(this: void): HistoryWriter | null;
  readonly logger: Logger;
  readonly time: Time;
}

/** The oldest entries beyond this are dropped: Kafka is away for hours, or the host may not write. */
const MAX_WAITING_BYTES = 8 * 1024 * 1024;
const WRITE_MS = 20_000;

export function createOutbox({ writer, logger, time }: OutboxDeps): Outbox {
  let waiting: HistoryEntry[] = [];
  let bytes = 0;
  let problem: string | null = null;
  let flushing: Promise<void> | null = null;

  /** Once per reason: a host that may not write would say so every minute. */
  const tell = (reason: string | null): void => {
    if (reason === problem) return;
    problem = reason;
    if (reason === null) logger.info("the history is kept in Kafka again");
    else logger.warn("the history is kept in memory only; records are moved all the same", { error: reason });
  };

  const write = async (to: HistoryWriter, signal: AbortSignal): Promise<void> => {
    const left = new Set(waiting);
    waiting = [];
    bytes = 0;
    using limit = deadline(time, WRITE_MS, signal);
    try {
      await to.append([...left], limit.signal, (settled) => {
        for (const entry of settled) left.delete(entry);
      });
      tell(null);
    } catch (error) {
      const later = waiting;
      waiting = [];
      bytes = 0;
      put([...left, ...later]);
      if (!signal.aborted) tell(messageOf(error));
    }
  };

  const put = (entries: readonly HistoryEntry[]): void => {
    waiting.push(...entries);
    for (const { value } of entries) bytes += value.length;
    let dropped = 0;
    while (bytes > MAX_WAITING_BYTES) bytes -= waiting[dropped++]?.value.length ?? bytes;
    waiting.splice(0, dropped);
  };

  return {
    put,
    async flush(signal) {
      while (flushing !== null && !signal.aborted) await abortable(flushing, signal).catch(() => {});
      if (signal.aborted) return;
      const to = writer();
      if (to === null) {
        waiting = [];
        bytes = 0;
      }
      if (to === null || waiting.length === 0) return;
      flushing = write(to, signal).finally(() => void (flushing = null));
      await flushing;
    },
    get problem() {
      return problem;
    },
  };
}
