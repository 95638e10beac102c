/** Lines between two flushes. Each partition gets the same share, so that none shows only because its batch came first. */
export interface FairLines<T> {
  /**
   * @param read called if there is room
   * @returns whether there was room
   */
  add(partition: string, read: () => T): boolean;
  readonly size: number;
  /** Takes up to `count`, in turns from each partition, and drops the others. In the order in which they came. */
  take(count: number): T[];
}

/** @param kept lines at most, of all partitions together; of each at least one */
export function createFairLines<T>(kept: number): FairLines<T> {
  let queues = new Map<string, { readonly line: T; readonly at: number }[]>();
  let size = 0;
  return {
    add(partition, read) {
      const queue = queues.get(partition) ?? [];
      queues.set(partition, queue);
      if (queue.length >= Math.max(1, Math.floor(kept / queues.size))) return false;
      queue.push({ line: read(), at: size });
      size += 1;
      return true;
    },
    get size() {
      return size;
    },
    take(count) {
      const taken: { readonly line: T; readonly at: number }[] = [];
      for (let turn = 0; taken.length < Math.min(count, size); turn += 1) {
        for (const queue of queues.values()) {
          const next = queue[turn];
          if (next !== undefined && taken.length < count) taken.push(next);
        }
      }
      queues = new Map();
      size = 0;
      return taken.toSorted((a, b) => a.at - b.at).map(({ line }) => line);
    },
  };
}
