import { setTimeout as sleep } from "node:timers/promises";

export interface RoundsOptions {
  /** Pause between two rounds. */
  readonly everyMs: number;
  /** Whether the first round starts immediately. */
  readonly atOnce: boolean;
}

/**
 * Runs one round after the other until it is stopped.
 * @param life aborted by the stop; rounds should pass its signal to everything they wait for
 * @param round never rejects
 * @returns stops the rounds; resolves once the current one has ended
 */
export function startRounds(
  life: AbortController,
  { everyMs, atOnce }: RoundsOptions,
  round: () => Promise<void>,
): () => Promise<void> {
  // Rejects only when stopped, and the loop checks for that.
  const rest = (): Promise<void> => sleep(everyMs, undefined, { signal: life.signal }).catch(() => {});
  const rounds = (async () => {
    if (!atOnce) await rest();
    while (!life.signal.aborted) {
      await round();
      await rest();
    }
  })();
  return async () => {
    life.abort(new Error("the host is stopping"));
    await rounds;
  };
}
