/** After the deadline of a stop: the host's own timer, and the last lines of its log, come first. */
const OVERDUE_TICKS = 3;

export interface StandStillWatch {
  /** The host is told to stop, which it has so many ticks for. */
  stopWithin(ticks: number): void;
  /**
   * @param beat what the watched loop counts up
   * @returns for how many ticks it has stood still; over: that is too long, or its stop is overdue
   */
  tick(beat: number): { readonly stillFor: number; readonly over: boolean };
}

/**
 * Finds out, in ticks of the watcher's own clock, whether an event loop stands still. In ticks and not by a clock: a process that
 * was suspended as a whole has stood still for one.
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
