/** Bounds how many of something are under way at once; who finds no place is told so, and does not wait. */
export interface Places {
  /** @returns what gives the place back, once however often it is called; null: all are taken */
  take(): (() => void) | null;
  readonly isFull: boolean;
}

export function createPlaces(count: number): Places {
  let taken = 0;
  return {
    get isFull() {
      return taken >= count;
    },
    take() {
      if (taken >= count) return null;
      taken += 1;
      let given = false;
      return () => {
        if (!given) taken -= 1;
        given = true;
      };
    },
  };
}
