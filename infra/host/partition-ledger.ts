import type { Assignment } from "../../lib/adapters/kafka/assignment.ts";
import type { PartitionPosition } from "../../lib/adapters/kafka/consumer.ts";
import type { FetchedBatch } from "../../lib/adapters/kafka/fetched-batch.ts";
import type { Checkpoint } from "../../lib/rules/checkpoint.ts";
import { OffsetWindow } from "../../lib/rules/offset-window.ts";
import { OutcomeMemory } from "../../lib/rules/outcome-memory.ts";
import type { SourceRecord } from "../../lib/rules/record.ts";
import type { PartitionStatus } from "../../lib/rules/status.ts";
import { knownTime, withStandIns } from "../../lib/rules/time-stand-in.ts";
import { ProgressClock } from "./progress-clock.ts";

interface PartitionEntry {
  /** Null until the first fetch tells where a group without a commit begins. */
  window: OffsetWindow | null;
  committed: number | null;
  /** Up to here nothing needs to be committed: what was committed, or where reading began. */
  settled: number | null;
  highWatermark: number | null;
  lastStableOffset: number | null;
  logStart: number | null;
  /** When the broker last told these. */
  observedAt: number | null;
  /** The first record that waited for an outcome when what was fetched was let go of; null: none did. */
  waited: Checkpoint | null;
  /** The time of the nearest record before what is to be read next that has one; null: not known. */
  nearestMs: number | null;
  /** True: reading was moved back, and what arrives from further on was fetched before that. */
  rewound: boolean;
}

/** What is known of the partitions one topic's consumer owns, in the present generation of its group. */
export class PartitionLedger {
  readonly #partitions = new Map<number, PartitionEntry>();
  readonly #clock: ProgressClock;
  /** One past the last offset that was sent, by partition: of former generations too, whose outcomes do not count. */
  readonly #sent = new Map<number, number>();
  #generation = -1;
  /** Partitions of the topic that other members read. */
  #others: readonly number[] = [];
  readonly #memory: OutcomeMemory;

  /** Both are kept by whoever makes another ledger for the same topic later. */
  constructor(clock = new ProgressClock(), memory = new OutcomeMemory()) {
    this.#clock = clock;
    this.#memory = memory;
  }

  get generation(): number {
    return this.#generation;
  }

  /** A new assignment voids every window: Kafka is read again from what is committed; known outcomes are remembered. */
  assign(assignment: Assignment, now: number): void {
    this.rememberKnown();
    this.#generation = assignment.generation;
    this.#others = assignment.partitions.filter((partition) => !assignment.committed.has(partition));
    const before = new Map(this.#partitions);
    this.#partitions.clear();
    for (const partition of this.#sent.keys()) {
      // What another member reads from now on is that member's to settle.
      if (!assignment.committed.has(partition)) this.#sent.delete(partition);
    }
    for (const [partition, committed] of assignment.committed) {
      const known = before.get(partition);
      // Without a commit reading begins again where it began. Were the next fetch believed instead, one that was still
      // under way for the old assignment would acknowledge everything before it.
      const settled = committed ?? (known?.committed === null ? known.settled : null);
      // Elsewhere than where the group stands: that is to be committed, whether or not anything is read there.
      const start = assignment.starts.get(partition) ?? settled;
      const last = assignment.checkpoints.get(partition) ?? null;
      this.#memory.begin(partition, committed, start);
      this.#partitions.set(partition, {
        window: start === null ? null : new OffsetWindow(start, last),
        committed,
        settled,
        highWatermark: known?.highWatermark ?? null,
        lastStableOffset: known?.lastStableOffset ?? null,
        logStart: known?.logStart ?? null,
        observedAt: known?.observedAt ?? null,
        waited: known === undefined ? null : (known.window?.first ?? known.waited),
        nearestMs: knownTime(last) ?? known?.nearestMs ?? null,
        rewound: false,
      });
      this.#clock.assigned(partition, committed, now);
    }
  }

  /**
   * @returns false where the partition is not ours (any more), or the batch is from before it was moved back
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
      if (entry.rewound) return false;
      const { partition, start } = batch;
      throw new Error(`partition ${partition} was read at offset ${start}, not at ${entry.window.end}`);
    }
    entry.rewound = false;
    entry.window.expect(batch.records, batch.end);
    return true;
  }

  /** The records of a batch that was expected, those without a timestamp with what stands in for it. */
  withStandIns({ partition, records }: FetchedBatch, now: number): readonly SourceRecord[] {
    const entry = this.#partitions.get(partition);
    const stood = withStandIns(records, entry?.nearestMs ?? null, now);
    if (entry !== undefined) entry.nearestMs = stood.nearestMs;
    return stood.records;
  }

  /** Whether what is to be read next of a partition of ours begins there: without it, something would be skipped. */
  isNext({ partition, start }: Pick<FetchedBatch, "partition" | "start">): boolean {
    const entry = this.#partitions.get(partition);
    return entry !== undefined && (entry.window?.end ?? start) === start;
  }

  /**
   * These are about to go to Elasticsearch, and may be there whatever is heard of it.
   * @returns those that have to: the others got their outcome before they were read again
   */
  send(records: readonly SourceRecord[]): readonly SourceRecord[] {
    const known: SourceRecord[] = [];
    let partition = -1;
    let end = 0;
    for (const record of records) {
      if (record.partition !== partition) {
        this.#markSentUpTo(partition, end);
        ({ partition } = record);
        end = 0;
      }
      end = Math.max(end, record.offset + 1);
      if (this.#memory.take(partition, record)) known.push(record);
    }
    this.#markSentUpTo(partition, end);
    if (known.length === 0) return records;
    this.resolve(known);
    const done = new Set(known);
    return records.filter((record) => !done.has(record));
  }

  #markSentUpTo(partition: number, end: number): void {
    if (end > (this.#sent.get(partition) ?? 0)) this.#sent.set(partition, end);
  }

  /** Whether everything that was ever sent is committed too. */
  get sentIsCommitted(): boolean {
    return [...this.#sent].every(
      ([partition, end]) => (this.#partitions.get(partition)?.committed ?? 0) >= end,
    );
  }

  /** Records fetched whose outcome is not known, or known but behind one that is not. */
  get pending(): number {
    let pending = 0;
    for (const { window } of this.#partitions.values()) pending += window?.pending ?? 0;
    return pending;
  }

  /** The outcomes of these records are known. They stand in runs of one partition each. */
  resolve(records: readonly Pick<SourceRecord, "partition" | "offset">[]): void {
    let partition = -1;
    let window: OffsetWindow | null = null;
    for (const record of records) {
      if (record.partition !== partition) {
        ({ partition } = record);
        window = this.#partitions.get(partition)?.window ?? null;
      }
      window?.resolve(record.offset);
    }
  }

  /** The outcomes of these are known, of which the assignment is over. */
  remember(records: readonly SourceRecord[]): void {
    for (const record of records) this.#memory.add(record.partition, record);
  }

  /** What has an outcome and is not committed is remembered for when it is read again. */
  rememberKnown(): void {
    for (const [partition, { window }] of this.#partitions)
      for (const record of window?.known() ?? []) this.#memory.add(partition, record);
  }

  /**
   * Forgets what was fetched and has no outcome yet: it is to be read again.
   * @returns where each partition that has any is to be read on
   */
  rewind(): Map<number, number> {
    this.rememberKnown();
    const positions = new Map<number, number>();
    for (const [partition, entry] of this.#partitions) {
      // Read on where it stands: what of it is on its way is as good as what would be read again.
      if (entry.window === null || entry.window.pending === 0) continue;
      const { committable, last } = entry.window;
      entry.waited = entry.window.first ?? entry.waited;
      entry.window = new OffsetWindow(committable, last);
      entry.nearestMs = knownTime(last) ?? entry.nearestMs;
      entry.rewound = true;
      positions.set(partition, committable);
    }
    return positions;
  }

  /** What every fetch tells of its partitions. */
  observe(positions: readonly PartitionPosition[], now: number): void {
    for (const position of positions) {
      const entry = this.#partitions.get(position.partition);
      if (entry === undefined) continue;
      entry.highWatermark = position.highWatermark;
      entry.lastStableOffset = position.lastStableOffset;
      entry.logStart = position.logStart;
      entry.observedAt = now;
      this.#clock.observed(position.partition, lagOf(entry), now);
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

  /** The last record before what may be committed, of those partitions where one is known. */
  checkpoints(): Map<number, Checkpoint> {
    const checkpoints = new Map<number, Checkpoint>();
    for (const [partition, { window }] of this.#partitions) {
      const last = window?.last ?? null;
      if (last !== null) checkpoints.set(partition, last);
    }
    return checkpoints;
  }

  markCommitted(generation: number, offsets: ReadonlyMap<number, number>, now: number): void {
    if (generation !== this.#generation) return;
    for (const [partition, offset] of offsets) {
      const entry = this.#partitions.get(partition);
      if (entry === undefined) continue;
      entry.committed = offset;
      entry.settled = offset;
      entry.window?.committed(offset);
      this.#clock.committed(partition, offset, now);
      this.#clock.observed(partition, lagOf(entry), now);
      this.#memory.committed(partition, offset);
    }
  }

  status(): PartitionStatus[] {
    const owned = [...this.#partitions].map(([partition, entry]) => ({
      partition,
      owned: true,
      committed: entry.committed,
      highWatermark: entry.highWatermark,
      lag: lagOf(entry),
      progressAt: this.#clock.progressAt(partition),
      lagAt: entry.observedAt,
      oldestUnreadAt: oldestUnreadAt(entry),
      deletableAt: null,
    }));
    // What their owners do is theirs to tell: a number from here would be stale.
    const others = this.#others.map((partition) => ({
      partition,
      owned: false,
      committed: null,
      highWatermark: null,
      lag: null,
      progressAt: null,
      lagAt: null,
      oldestUnreadAt: null,
      deletableAt: null,
    }));
    return [...owned, ...others].sort((a, b) => a.partition - b.partition);
  }
}

/** Milliseconds since the epoch, as the record says; null: nothing waits, or what does has not been fetched. */
function oldestUnreadAt(entry: PartitionEntry): number | null {
  const { window, waited } = entry;
  if ((lagOf(entry) ?? 0) === 0 || window === null) return null;
  const oldest = window.first ?? (waited !== null && waited.offset >= window.committable ? waited : null);
  return oldest === null || oldest.timestamp < 0 ? null : oldest.timestamp;
}

/** Last stable offset − committed; where nothing was committed, what there is to read; null: not known yet. */
function lagOf({ lastStableOffset, committed, logStart }: PartitionEntry): number | null {
  const from = committed ?? logStart;
  if (lastStableOffset === null || from === null) return null;
  return Math.max(0, lastStableOffset - from);
}
