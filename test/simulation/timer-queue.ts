/** A pending timer. */
export interface Timer {
  readonly atMs: number;
  readonly act: () => void;
}

/** Timers by due time; equal ones in the order they were set. */
export interface TimerQueue {
  /** @returns a function that cancels it */
  add(atMs: number, act: () => void): () => void;
  /** Takes the first timer due by then. Null if there is none. */
  takeDue(byMs: number): Timer | null;
  readonly size: number;
}

interface Entry extends Timer {
  readonly order: number;
  /** Whether it is pending: neither taken nor cancelled. */
  set: boolean;
}

/** Most timers are timeouts, cancelled long before they are due: beyond this many they are removed. */
const SWEEP_FROM = 1_000;

export function createTimerQueue(): TimerQueue {
  let heap: Entry[] = [];
  let order = 0;
  let calledOff = 0;

  const sweep = (): void => {
    // Sorted, and so a heap too.
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

/** Moves the last entry up to its place. */
function rise(heap: Entry[]): void {
  let at = heap.length - 1;
  while (at > 0) {
    const parent = (at - 1) >> 1;
    if (!swapUnlessOrdered(heap, parent, at)) return;
    at = parent;
  }
}

/** Puts the last entry in the first's place and moves it down. */
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
