import type { Assignment, FetchedBatch, PartitionPosition } from "../../lib/adapters/kafka/consumer.ts";
import { OffsetWindow } from "../../lib/rules/offset-window.ts";
import type { PartitionStatus } from "../../lib/rules/status.ts";

interface PartitionEntry {
  /** Null until the first fetch tells where a group without a commit begins. */
  window: OffsetWindow | null;
  committed: number | null;
  /** Up to here nothing needs to be committed: what was committed, or where reading began. */
  settled: number | null;
  highWatermark: number | null;
  lastStableOffset: number | null;
  logStart: number | null;
  progressAt: number;
}

/** What is known of the partitions one topic's consumer owns, in the present generation of its group. */
export class PartitionLedger {
  readonly #partitions = new Map<number, PartitionEntry>();
  #generation = -1;
  /** Partitions of the topic that other members read. */
  #others: readonly number[] = [];

  get generation(): number {
    return this.#generation;
  }

  /** A new assignment voids every window: Kafka is read again from what is committed. */
  assign(assignment: Assignment, now: number): void {
    this.#generation = assignment.generation;
    this.#others = assignment.partitions.filter((partition) => !assignment.committed.has(partition));
    const before = new Map(this.#partitions);
    this.#partitions.clear();
    for (const [partition, committed] of assignment.committed) {
      const known = before.get(partition);
      // Without a commit reading begins again where it began. Were the next fetch believed instead, one that was still
      // under way for the old assignment would acknowledge everything before it.
      const start = committed ?? (known?.committed === null ? known.settled : null);
      this.#partitions.set(partition, {
        window: start === null ? null : new OffsetWindow(start),
        committed,
        settled: start,
        highWatermark: known?.highWatermark ?? null,
        lastStableOffset: known?.lastStableOffset ?? null,
        logStart: known?.logStart ?? null,
        progressAt: now,
      });
    }
  }

  /**
   * @returns false where the partition is not ours (any more)
   * @throws Error where the batch does not follow the one before: kafkajs moved the position by itself (the offset was
   *   out of range), or it is a batch of an older assignment. Taken in, it would acknowledge what was never read.
   */
  expect(batch: FetchedBatch): boolean {
    const entry = this.#partitions.get(batch.partition);
    if (entry === undefined) return false;
    if (entry.window === null) {
      entry.settled = batch.start;
      entry.window = new OffsetWindow(batch.start);
    }
    if (batch.start !== entry.window.end) {
      const { partition, start } = batch;
      throw new Error(`partition ${partition} was read at offset ${start}, not at ${entry.window.end}`);
    }
    entry.window.expect(
      batch.records.map(({ offset }) => offset),
      batch.end,
    );
    return true;
  }

  resolve(partition: number, offset: number): void {
    this.#partitions.get(partition)?.window?.resolve(offset);
  }

  /** What every fetch tells of its partitions. */
  observe(positions: readonly PartitionPosition[], now: number): void {
    for (const position of positions) {
      const entry = this.#partitions.get(position.partition);
      if (entry === undefined) continue;
      const caughtUp = lagOf(entry) === 0;
      entry.highWatermark = position.highWatermark;
      entry.lastStableOffset = position.lastStableOffset;
      entry.logStart = position.logStart;
      if (caughtUp && lagOf(entry) !== 0) entry.progressAt = now;
    }
  }

  /** The offsets that may be committed and are not yet. */
  uncommitted(): Map<number, number> {
    const offsets = new Map<number, number>();
    for (const [partition, { window, settled }] of this.#partitions) {
      if (window !== null && window.committable !== settled) offsets.set(partition, window.committable);
    }
    return offsets;
  }

  markCommitted(generation: number, offsets: ReadonlyMap<number, number>, now: number): void {
    if (generation !== this.#generation) return;
    for (const [partition, offset] of offsets) {
      const entry = this.#partitions.get(partition);
      if (entry === undefined) continue;
      entry.committed = offset;
      entry.settled = offset;
      entry.progressAt = now;
    }
  }

  status(): PartitionStatus[] {
    const owned = [...this.#partitions].map(([partition, entry]) => ({
      partition,
      owned: true,
      committed: entry.committed,
      highWatermark: entry.highWatermark,
      lag: lagOf(entry),
      progressAt: entry.progressAt,
    }));
    // What their owners do is theirs to tell: a number from here would be stale.
    const others = this.#others.map((partition) => ({
      partition,
      owned: false,
      committed: null,
      highWatermark: null,
      lag: null,
      progressAt: null,
    }));
    return [...owned, ...others].sort((a, b) => a.partition - b.partition);
  }
}

/** Last stable offset − committed; where nothing was committed, what there is to read; null: not known yet. */
function lagOf({ lastStableOffset, committed, logStart }: PartitionEntry): number | null {
  const from = committed ?? logStart;
  if (lastStableOffset === null || from === null) return null;
  return Math.max(0, lastStableOffset - from);
}
