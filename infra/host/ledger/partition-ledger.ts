import type { CommitEntry } from "../../../lib/adapters/kafka/group/member/member.ts";
import type { Tenure } from "../../../lib/adapters/kafka/group/member/tenure.ts";
import type { PartitionPosition } from "../../../lib/adapters/kafka/reader/reader.ts";
import { marksOfOtherLog } from "../../../lib/rules/offsets/marks.ts";
import { OffsetWindow } from "../../../lib/rules/offsets/offset-window.ts";
import type { OutcomeMemory } from "../../../lib/rules/outcomes/outcome-memory.ts";
import type { SourceRecord } from "../../../lib/rules/model/record.ts";
import type { PartitionStatus } from "../../../lib/rules/progress/status.ts";
import { knownTime, withStandIns } from "../../../lib/rules/time/time-stand-in.ts";
import type { ProgressClock } from "./progress-clock.ts";
import {
  isDue,
  isSentCommitted,
  lagOf,
  ownStatus,
  type PartitionEntry,
  type PumpedPartition,
  type PumpedRecords,
  strangerStatus,
} from "./partition-entry.ts";

/** The windows of a chunk's partitions at the time it was sent. */
export type Windows = ReadonlyMap<number, OffsetWindow>;

/** Tracks the partitions of one topic owned by this host, each for its own tenure: sent, resolved, committed. */
export class PartitionLedger {
  readonly #partitions = new Map<number, PartitionEntry>();
  readonly #clock: ProgressClock;
  readonly #memory: OutcomeMemory;
  #pending = 0;
  /** Partitions lost with sent but uncommitted records, and how far each had got. */
  readonly #unsettled = new Map<number, Pick<PartitionEntry, "sent" | "committed">>();

  /** The clock and the memory outlive this ledger: the topic's next one gets them too. */
  constructor(clock: ProgressClock, memory: OutcomeMemory) {
    this.#clock = clock;
    this.#memory = memory;
  }

  /** Begins a tenure: the partition is read from `start`. */
  own({ tenure, committed, source, marks, position }: PumpedPartition, now: number): void {
    const { start, check: last } = position;
    const { partition } = tenure;
    const before = this.#partitions.get(partition);
    if (before !== undefined) this.disown(before.tenure);
    this.#memory.begin(partition, committed, start);
    const unsettled = this.#unsettled.get(partition);
    this.#unsettled.delete(partition);
    // Behind the group's position, now or before, means another log: Kafka drops the commits of a deleted topic.
    const isOther = start < (committed ?? 0) || (committed ?? -1) < (unsettled?.committed ?? -1);
    const sent = isOther ? 0 : (unsettled?.sent ?? 0);
    this.#partitions.set(partition, {
      tenure,
      source,
      window: new OffsetWindow(start, last),
      committed,
      marks,
      // A start that differs from the commit is committed even if nothing is read there.
      settled: committed ?? start,
      sent,
      highWatermark: null,
      lastStableOffset: null,
      logStart: null,
      observedAt: null,
      waited: null,
      nearestMs: knownTime(last),
      leaving: false,
    });
    this.#clock.assigned(partition, committed, now);
  }

  /** @returns null if that tenure is over */
  entryOf(tenure: Tenure): PartitionEntry | null {
    const entry = this.#partitions.get(tenure.partition);
    return entry?.tenure === tenure ? entry : null;
  }

  leave(tenure: Tenure): void {
    const entry = this.entryOf(tenure);
    if (entry !== null) entry.leaving = true;
  }

  /** Ends a tenure. @returns whether records of it were sent and not committed */
  disown(tenure: Tenure): boolean {
    const entry = this.entryOf(tenure);
    if (entry === null) return false;
    const { partition } = tenure;
    this.#void(partition);
    this.#partitions.delete(partition);
    const isOpen = !isSentCommitted(entry);
    if (isOpen) this.#unsettled.set(partition, { sent: entry.sent, committed: entry.committed });
    return isOpen;
  }

  disownAll(): void {
    for (const { tenure } of this.#partitions.values()) this.disown(tenure);
  }

  /** Drops the window, but remembers its uncommitted outcomes for when the records are read again. */
  #void(partition: number): void {
    const entry = this.#partitions.get(partition);
    if (entry === undefined) return;
    for (const record of entry.window.known()) this.#memory.add(partition, record);
    this.#pending -= entry.window.pending;
  }

  /** @returns false if they do not continue the window: read before a move, or no longer ours */
  expect(tenure: Tenure, { records, start, end }: PumpedRecords): boolean {
    const entry = this.entryOf(tenure);
    if (entry === null || entry.leaving || start !== entry.window.end) return false;
    entry.window.expect(records, end);
    this.#pending += records.length;
    return true;
  }

  /** @returns the records, those without a timestamp with a substitute for it */
  withStandIns(tenure: Tenure, records: readonly SourceRecord[], now: number): readonly SourceRecord[] {
    const entry = this.entryOf(tenure);
    const stood = withStandIns(records, entry?.nearestMs ?? null, now);
    if (entry !== null) entry.nearestMs = stood.nearestMs;
    return stood.records;
  }

  /** Continues at `start`. A smaller offset means another log: waiting records belong to the old one and are void. */
  moveTo(tenure: Tenure, start: number): void {
    const entry = this.entryOf(tenure);
    if (entry === null) return;
    if (start >= entry.window.end) {
      entry.window.expect([], start);
      return;
    }
    this.#void(tenure.partition);
    entry.window = new OffsetWindow(start);
    entry.marks = marksOfOtherLog(entry.marks);
    entry.sent = 0;
    entry.waited = null;
    entry.nearestMs = null;
  }

  /**
   * Marks records as sent: from now on they may be in Elasticsearch, whatever the answer.
   * @returns those that need sending, with their windows; the others already had an outcome when they were read again
   */
  send(records: readonly SourceRecord[]): {
    readonly chunk: readonly SourceRecord[];
    readonly windows: Windows;
  } {
    const windows = new Map<number, OffsetWindow>();
    const known: SourceRecord[] = [];
    let entry: PartitionEntry | undefined;
    for (const record of records) {
      if (record.partition !== entry?.tenure.partition) {
        entry = this.#partitions.get(record.partition);
        if (entry !== undefined) windows.set(record.partition, entry.window);
      }
      if (entry !== undefined && record.offset >= entry.sent) entry.sent = record.offset + 1;
      if (this.#memory.take(record.partition, record)) known.push(record);
    }
    if (known.length === 0) return { chunk: records, windows };
    this.resolve(known, windows);
    const done = new Set(known);
    return { chunk: records.filter((record) => !done.has(record)), windows };
  }

  /** Whether this is still the partition's window. */
  isCurrent(partition: number, window: OffsetWindow | undefined): boolean {
    return window !== undefined && this.#partitions.get(partition)?.window === window;
  }

  /** Whether all records sent under the current tenures are committed. */
  get sentIsCommitted(): boolean {
    for (const entry of this.#partitions.values()) if (!isSentCommitted(entry)) return false;
    return true;
  }

  /** Fetched records without an outcome, or behind one without. */
  get pending(): number {
    return this.#pending;
  }

  /**
   * Books the outcomes of these records, which come in runs of one partition each.
   * @param windows from `send`; if a partition has another window now, the outcome is remembered for the next read
   */
  resolve(records: readonly SourceRecord[], windows: Windows): void {
    let partition = -1;
    let window: OffsetWindow | null = null;
    for (const record of records) {
      if (record.partition !== partition) {
        ({ partition } = record);
        const sentIn = windows.get(partition);
        window = sentIn !== undefined && this.isCurrent(partition, sentIn) ? sentIn : null;
      }
      if (window === null) {
        this.#memory.add(partition, record);
        continue;
      }
      const before = window.pending;
      window.resolve(record.offset);
      this.#pending += window.pending - before;
    }
  }

  /**
   * Drops fetched records without an outcome; they are read again.
   * @returns the partitions concerned; each is read on from the end of its new window
   */
  rewind(): PartitionEntry[] {
    const moved: PartitionEntry[] = [];
    for (const [partition, entry] of this.#partitions) {
      // Nothing to drop: a fetch on its way is as good as another one.
      if (entry.window.pending === 0) continue;
      this.#void(partition);
      const { committable, last, first } = entry.window;
      entry.waited = first ?? entry.waited;
      entry.window = new OffsetWindow(committable, last);
      entry.nearestMs = knownTime(last) ?? entry.nearestMs;
      moved.push(entry);
    }
    return moved;
  }

  get entries(): Iterable<PartitionEntry> {
    return this.#partitions.values();
  }

  /** Takes a partition's position, from a fetch or from a separate request. */
  observe(position: PartitionPosition, now: number): void {
    const { partition, highWatermark, lastStableOffset, logStart, first } = position;
    const entry = this.#partitions.get(partition);
    if (entry === undefined) return;
    entry.waited = first ?? entry.waited;
    Object.assign(entry, { highWatermark, lastStableOffset, logStart, observedAt: now });
    this.#clock.observed(partition, lagOf(entry), now);
  }

  /** Commits that are due, each with the last record before it if known. @param place where records are sent to */
  uncommitted(place: string | null, only?: readonly Tenure[]): CommitEntry[] {
    const entries: CommitEntry[] = [];
    const add = (entry: PartitionEntry): void => {
      const { tenure, window, marks } = entry;
      if (isDue(entry)) entries.push({ tenure, offset: window.committable, last: window.last, place, marks });
    };
    if (only === undefined) this.#partitions.forEach(add);
    else
      for (const tenure of only) {
        const entry = this.entryOf(tenure);
        if (entry !== null) add(entry);
      }
    return entries;
  }

  isUncommitted(tenure: Tenure): boolean {
    const entry = this.entryOf(tenure);
    return entry !== null && isDue(entry);
  }

  markCommitted({ tenure, offset }: CommitEntry, now: number): void {
    const entry = this.entryOf(tenure);
    if (entry === null) return;
    const { partition } = tenure;
    entry.committed = offset;
    entry.settled = offset;
    entry.window.committed(offset);
    this.#clock.committed(partition, offset, now);
    this.#clock.observed(partition, lagOf(entry), now);
    this.#memory.committed(partition, offset);
  }

  /** The committed offset by partition; null: nothing committed. */
  positions(): Map<number, number | null> {
    return new Map([...this.#partitions].map(([partition, { committed }]) => [partition, committed]));
  }

  /** The sum over owned partitions; null: unknown for all of them. */
  get lag(): number | null {
    let sum: number | null = null;
    for (const entry of this.#partitions.values()) {
      const lag = lagOf(entry);
      if (lag !== null) sum = (sum ?? 0) + lag;
    }
    return sum;
  }

  has(partition: number): boolean {
    return this.#partitions.has(partition);
  }

  /** @param count the topic's number of partitions; null: unknown */
  status(count: number | null): PartitionStatus[] {
    const statuses = [...this.#partitions.values()].map((entry) =>
      ownStatus(entry, this.#clock.progressAt(entry.tenure.partition)),
    );
    for (let partition = 0; partition < (count ?? 0); partition += 1)
      if (!this.#partitions.has(partition)) statuses.push(strangerStatus(partition));
    return statuses.sort((a, b) => a.partition - b.partition);
  }
}
