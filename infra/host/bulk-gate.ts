/** Bounds the bulk requests in flight of all topics together, first come first served. */
export interface BulkGate {
  /**
   * Waits for a free place. A topic should wait for one place at a time: then a busy topic cannot fill the
   * queue and every topic gets its turn.
   * @returns gives the place back; calling it again does nothing
   * @throws the signal's reason
   */
  enter(signal: AbortSignal): Promise<() => void>;
  /** Changes the number of places; requests in flight finish as they are. */
  resize(places: number): void;
}

export function createBulkGate(places: number): BulkGate {
  let limit = places;
  let taken = 0;
  const waiting = new Set<() => void>();

  const admit = (): void => {
    for (const wake of waiting) {
      if (taken >= limit) return;
      waiting.delete(wake);
      taken += 1;
      wake();
    }
  };

  const place = (): (() => void) => {
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      taken -= 1;
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
      limit = wanted;
      admit();
    },
  };
}
