/** Grace after the deadline of a stop, for the host's own timer and its last log lines. */
const OVERDUE_TICKS = 3;

export interface StandStillWatch {
  /** Call when the host begins to stop. @param ticks its deadline */
  stopWithin(ticks: number): void;
  /**
   * @param beat the counter that the watched loop increments
   * @returns the number of ticks without progress; `over` if these are too many, or the stop is overdue
   */
  tick(beat: number): { readonly stillFor: number; readonly over: boolean };
}

/**
 * Detects a blocked event loop, in ticks of the watcher's own timer. Not by a clock, because a process that was suspended as
 * a whole loses only one tick.
 */
export function createStandStillWatch(limitTicks: number): StandStillWatch {
  let last: number | null = null;
  let stillFor = 0;
  let stopTicksLeft = Infinity;
  return {
    stopWithin(ticks) {
      stopTicksLeft = ticks + OVERDUE_TICKS;
    },
    tick(beat) {
      stillFor = beat === last ? stillFor + 1 : 0;
      last = beat;
      stopTicksLeft -= 1;
      return { stillFor, over: stillFor >= limitTicks || stopTicksLeft < 0 };
    },
  };
}
