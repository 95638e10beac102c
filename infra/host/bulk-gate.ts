import { boundedPace, fullPace, paceAfter, type BulkLoad } from "../../lib/rules/bulk/pace.ts";

/** Gives a place back; says what the answer told about Elasticsearch's load, if it told anything. */
export type Leave = (load?: BulkLoad) => void;

/** Bounds the bulk requests in flight of all topics together, first come first served. */
export interface BulkGate {
  /**
   * Waits for a free place. A topic should wait for one place at a time: then a busy topic cannot fill the
   * queue and every topic gets its turn.
   * @returns gives the place back; calling it again does nothing
   * @throws the signal's reason
   */
  enter(signal: AbortSignal): Promise<Leave>;
  /** Changes how many places there may be; requests in flight finish as they are. */
  resize(maxPlaces: number): void;
  /** How many there are now: fewer while Elasticsearch refuses work. */
  readonly places: number;
}

export function createBulkGate(maxPlaces: number): BulkGate {
  let pace = fullPace(maxPlaces);
  let taken = 0;
  const waiting = new Set<() => void>();

  const admit = (): void => {
    for (const wake of waiting) {
      if (taken >= pace.places) return;
      waiting.delete(wake);
      taken += 1;
      wake();
    }
  };

  const place = (): Leave => {
    let held = true;
    const { round } = pace;
    return (load) => {
      if (!held) return;
      held = false;
      taken -= 1;
      if (load !== undefined) pace = paceAfter(pace, load, round);
      admit();
    };
  };

  return {
    async enter(signal) {
      signal.throwIfAborted();
      const turn = Promise.withResolvers<void>();
      const onAbort = (): void => {
        // Still waiting: no place was taken. Otherwise the place was granted just before and is the caller's.
        if (waiting.delete(turn.resolve)) turn.reject(signal.reason);
      };
      signal.addEventListener("abort", onAbort, { once: true });
      waiting.add(turn.resolve);
      admit();
      try {
        await turn.promise;
        return place();
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
