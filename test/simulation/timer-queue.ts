/** A timer that is set. */
export interface Timer {
  readonly atMs: number;
  readonly act: () => void;
}

/** Timers by the time they are due; those of the same time in the order they were set. */
export interface TimerQueue {
  /** @returns calls it off */
  add(atMs: number, act: () => void): () => void;
  /** Takes out the first that is due by then. Null: there is none. */
  takeDue(byMs: number): Timer | null;
  readonly size: number;
}

interface Entry extends Timer {
  readonly order: number;
  /** Whether it may still run: neither taken out nor called off. */
  set: boolean;
}

/** Most timers are time limits that are called off long before they are due: more of them than this are swept out. */
const SWEEP_FROM = 1_000;

export function createTimerQueue(): TimerQueue {
  let heap: Entry[] = [];
  let order = 0;
  let calledOff = 0;

  const sweep = (): void => {
    // In order, which makes it a heap too.
    heap = heap.filter((entry) => entry.set).sort(compare);
    calledOff = 0;
  };

  return {
    add(atMs, act) {
      const entry: Entry = { atMs, act, order: (order += 1), set: true };
      heap.push(entry);
      rise(heap);
      return () => {
        if (!entry.set) return;
        entry.set = false;
        calledOff += 1;
        if (calledOff > SWEEP_FROM && calledOff > heap.length / 2) sweep();
      };
    },
    takeDue(byMs) {
      for (let first = heap[0]; first !== undefined && first.atMs <= byMs; first = heap[0]) {
        takeFirst(heap);
        if (first.set) {
          first.set = false;
          return first;
        }
        calledOff -= 1;
      }
      return null;
    },
    get size() {
      return heap.length - calledOff;
    },
  };
}

function compare(one: Entry, other: Entry): number {
  return one.atMs - other.atMs || one.order - other.order;
}

/** The last goes up to its place. */
function rise(heap: Entry[]): void {
  let at = heap.length - 1;
  while (at > 0) {
    const parent = (at - 1) >> 1;
    if (!swapUnlessOrdered(heap, parent, at)) return;
    at = parent;
  }
}

/** The last takes the first's place and goes down to its own. */
function takeFirst(heap: Entry[]): void {
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return;
  heap[0] = last;
  for (let at = 0; ;) {
    const left = 2 * at + 1;
    const child = isBefore(heap[left + 1], heap[left]) ? left + 1 : left;
    if (!swapUnlessOrdered(heap, at, child)) return;
    at = child;
  }
}

function isBefore(one: Entry | undefined, other: Entry | undefined): boolean {
  return one !== undefined && other !== undefined && compare(one, other) < 0;
}

function swapUnlessOrdered(heap: Entry[], parent: number, child: number): boolean {
  const above = heap[parent];
  const below = heap[child];
  if (above === undefined || below === undefined || compare(above, below) <= 0) return false;
  heap[parent] = below;
  heap[child] = above;
  return true;
}
