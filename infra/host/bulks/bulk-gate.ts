import { boundedPace, fullPace, paceAfter, type BulkLoad } from "../../../lib/rules/limits/pace.ts";

/** Gives a place back; says what the answer told about Elasticsearch's load, if it told anything. */
export type Leave = (load?: BulkLoad) => void;

/** Bounds the bulk requests in flight of all topics together, first come first served. */
export interface BulkGate {
  /**
   * Waits for a free place. A topic should wait for one place at a time: then a busy topic cannot fill the
   * queue and every topic gets its turn.
   * @param again true: what it sends was in trouble just now. All of those together have half of the places: an index that
   * answers nothing until the time is over would else hold them all, for good.
   * @returns gives the place back; calling it again does nothing
   * @throws the signal's reason
   */
  enter(signal: AbortSignal, again?: boolean): Promise<Leave>;
  /** Changes how many places there may be; requests in flight finish as they are. */
  resize(maxPlaces: number): void;
  /** How many there are now: fewer while Elasticsearch refuses work. */
  readonly places: number;
}

export function createBulkGate(maxPlaces: number): BulkGate {
  let pace = fullPace(maxPlaces);
  let taken = 0;
  let takenAgain = 0;
  /** Who waits, and whether again, in their order. */
  const waiting = new Map<() => void, boolean>();

  const admit = (): void => {
    const forAgain = Math.max(1, pace.places >> 1);
    for (const [wake, again] of waiting) {
      if (taken >= pace.places) return;
      if (again && takenAgain >= forAgain) continue;
      waiting.delete(wake);
      taken += 1;
      if (again) takenAgain += 1;
      wake();
    }
  };

  const place = (again: boolean): Leave => {
    let held = true;
    const { round } = pace;
    return (load) => {
      if (!held) return;
      held = false;
      taken -= 1;
      if (again) takenAgain -= 1;
      if (load !== undefined) pace = paceAfter(pace, load, round);
      admit();
    };
  };

  return {
    async enter(signal, again = false) {
      signal.throwIfAborted();
      const turn = Promise.withResolvers<void>();
      const onAbort = (): void => {
        // Still waiting: no place was taken. Otherwise the place was granted just before and is the caller's.
        if (waiting.delete(turn.resolve)) turn.reject(signal.reason);
      };
      signal.addEventListener("abort", onAbort, { once: true });
      waiting.set(turn.resolve, again);
      admit();
      try {
        await turn.promise;
        return place(again);
      } finally {
        signal.removeEventListener("abort", onAbort);
      }
    },
    resize(wanted) {
      pace = boundedPace(pace, wanted);
      admit();
    },
    get places() {
      return pace.places;
    },
  };
}
