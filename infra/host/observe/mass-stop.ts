import type { Logger } from "../../../lib/rules/base/logger.ts";

/** Fewer topics that stop together are no surprise. */
const MASS = 5;

/** Topics that were stopped at once because their declarations are gone, and are not back yet. */
export interface MassStop {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly topics: number;
}

export interface MassStops {
  /** Takes the steps of a run. @param left how many topics go on */
  note(
    steps: { readonly started: readonly string[]; readonly stopped: readonly string[] },
    left: number,
  ): void;
  /** The last one; null if there was none, or if all of its topics were started again. */
  last(): MassStop | null;
}

/** Tells when most topics stop at once. Nobody was asked, as on the console's page: an absence stops topics, whoever made it. */
export function createMassStops(logger: Pick<Logger, "warn">, now: () => number): MassStops {
  const gone = new Set<string>();
  let at = 0;
  return {
    note({ started, stopped }, left) {
      for (const topic of started) gone.delete(topic);
      if (stopped.length < MASS || stopped.length <= left) return;
      for (const topic of stopped) gone.add(topic);
      at = now();
      logger.warn("most topics were stopped at once: their declarations are gone", {
        reason: "mass_stop",
        stopped: stopped.length,
        left,
        remedy: "if that was a mistake, declare them again: each goes on where it stopped",
      });
    },
    last: () => (gone.size === 0 ? null : { at, topics: gone.size }),
  };
}
