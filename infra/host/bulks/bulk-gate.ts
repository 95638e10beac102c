import { boundedPace, fullPace, paceAfter, type BulkLoad } from "../../../lib/rules/limits/pace.ts";

/** Returns a place, with what the answer said about Elasticsearch's load, if anything. */
export type Leave = (load?: BulkLoad) => void;

/** Limits the bulk requests in flight of all topics together, first come first served. */
export interface BulkGate {
  /**
   * Waits for a free place. A topic waits for one place at a time, so that a busy topic cannot fill the queue.
   * @param again true: a retry. Retries share half of the places; otherwise an index that lets every request time out
   * would hold them all.
   * @returns returns the place; idempotent
   * @throws the signal's reason
   */
  enter(signal: AbortSignal, again?: boolean): Promise<Leave>;
  /** Changes the maximum number of places; requests in flight are not affected. */
  resize(maxPlaces: number): void;
  /** The current number: fewer than the maximum while Elasticsearch refuses work. */
  readonly places: number;
}

export function createBulkGate(maxPlaces: number): BulkGate {
  let pace = fullPace(maxPlaces);
  let taken = 0;
  let takenAgain = 0;
  /** Those that wait, in order, and whether each is a retry. */
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
        // Still waiting: no place was taken. Otherwise it was just granted and belongs to the caller.
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
