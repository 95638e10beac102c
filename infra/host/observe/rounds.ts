import { setTimeout as sleep } from "node:timers/promises";

export interface RoundsOptions {
  /** Between the end of a round and the next one. */
  readonly everyMs: number;
  /** True: the first one is due at the start. */
  readonly atOnce: boolean;
}

/**
 * Goes one round after the other until it is stopped.
 * @param life aborted by the stop; its signal ends what a round waits for
 * @param round never rejects
 * @returns stops, and resolves once no round is going on
 */
export function startRounds(
  life: AbortController,
  { everyMs, atOnce }: RoundsOptions,
  round: () => Promise<void>,
): () => Promise<void> {
  // Rejects only when it is stopped, which the loop's condition sees.
  const rest = (): Promise<void> => sleep(everyMs, undefined, { signal: life.signal }).catch(() => {});
  const rounds = (async () => {
    if (!atOnce) await rest();
    while (!life.signal.aborted) {
      await round();
      await rest();
    }
  })();
  return async () => {
    life.abort(new Error("the host stops"));
    await rounds;
  };
}
