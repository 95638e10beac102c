import { type LiveLoad, restMs } from "../../../lib/rules/rebuild/rebuild-pace.ts";
import { abortable } from "../../../lib/rules/base/abortable.ts";
import { sleep, type Time } from "../../../lib/rules/base/time.ts";
import { loadIn, type SendBulk } from "../bulks/bulk-requests.ts";

/** Keeps all rebuilds of a host behind its topics. */
export interface RebuildPacer {
  /** Sends a bulk after the rest that the one before asks for. It takes no place of the topics, so none waits for it. */
  readonly bulk: SendBulk;
  /**
   * Waits until no other rebuild reads, so that they share one bulk at a time and the memory of one.
   * @returns ends the turn
   * @throws the signal's reason
   */
  turn(signal: AbortSignal): Promise<() => void>;
}

export function createRebuildPacer(
  send: SendBulk,
  { load, time }: { readonly load: () => LiveLoad; readonly time: Time },
): RebuildPacer {
  let restUntilMs = 0;
  let refused = 0;
  let last: Promise<void> = Promise.resolve();
  return {
    async bulk(body, how) {
      const rest = restUntilMs - time.monotonicMs();
      if (rest > 0) await sleep(time, rest, how.signal);
      const sentMs = time.monotonicMs();
      const answer = await send(body, how);
      const now = time.monotonicMs();
      refused = loadIn(answer) === "busy" ? refused + 1 : 0;
      restUntilMs = now + restMs(now - sentMs, load(), refused);
      return answer;
    },
    async turn(signal) {
      const before = last;
      const own = Promise.withResolvers<void>();
      last = before.then(() => own.promise);
      try {
        await abortable(before, signal);
        return own.resolve;
      } catch (error) {
        own.resolve();
        throw error;
      }
    },
  };
}
