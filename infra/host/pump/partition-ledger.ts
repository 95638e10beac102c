import type { CommitEntry } from "../../../lib/adapters/kafka/group/member/member.ts";
import type { Tenure } from "../../../lib/adapters/kafka/group/member/tenure.ts";
import type { PartitionPosition } from "../../../lib/adapters/kafka/reader/reader.ts";
import { OffsetWindow } from "../../../lib/rules/offsets/offset-window.ts";
import type { OutcomeMemory } from "../../../lib/rules/outcomes/outcome-memory.ts";
import type { SourceRecord } from "../../../lib/rules/model/record.ts";
import type { PartitionStatus } from "../../../lib/rules/progress/status.ts";
import { knownTime, withStandIns } from "../../../lib/rules/time/time-stand-in.ts";
import type { ProgressClock } from "./progress-clock.ts";
import { lagOf, ownStatus, strangerStatus, type PartitionEntry } from "./partition-entry.ts";
import type { PumpedPartition, PumpedRecords } from "./pump-deps.ts";

/** The windows of the partitions that a chunk of records is from, as they were when it was sent. */
export type Windows = ReadonlyMap<number, OffsetWindow>;

/** What is known of the partitions of one topic that are ours, each for its own tenure. */
export class PartitionLedger {
  readonly #partitions = new Map<number, PartitionEntry>();
  readonly #clock: ProgressClock;
  readonly #memory: OutcomeMemory;
  #pending = 0;
  /** Of partitions that are not ours now, and of which something was sent and not committed: how far each. */
  readonly #unsettled = new Map<number, Pick<PartitionEntry, "sent" | "committed">>();

  /** Both are kept by whoever makes another ledger for the same topic later. */
  constructor(clock: ProgressClock, memory: OutcomeMemory) {
    this.#clock = clock;
    this.#memory = memory;
  }

  /** It is ours: Kafka is read on from its start. */
  own({ tenure, committed, start, last, source }: PumpedPartition, now: number): void {
    const { partition } = tenure;
    const before = this.#partitions.get(partition);
    if (before !== undefined) this.disown(before.tenure);
    this.#memory.begin(partition, committed, start);
    const unsettled = this.#unsettled.get(partition);
    this.#unsettled.delete(partition);
    // Further back than the group stands, or stood, is another log: a topic's commits go with it when it is deleted.
    const isOther = start < (committed ?? 0) || (committed ?? -1) < (unsettled?.committed ?? -1);
    const sent = isOther ? 0 : (unsettled?.sent ?? 0);
    this.#partitions.set(partition, {
      tenure,
      source,
      window: new OffsetWindow(start, last),
      committed,
      // Elsewhere than where the group stands: that is to be committed, whether or not anything is read there.
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

  /** @returns null where that tenure is over */
  entryOf(tenure: Tenure): PartitionEntry | null {
    const entry = this.#partitions.get(tenure.partition);
    return entry?.tenure === tenure ? entry : null;
  }

  /** Takes no more of it. */
  leave(tenure: Tenure): void {
    const entry = this.entryOf(tenure);
    if (entry !== null) entry.leaving = true;
  }

  /** It is not ours any more. @returns whether something of it was sent and not committed */
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

  /** Nothing is ours any more. */
  disownAll(): void {
    for (const { tenure } of this.#partitions.values()) this.disown(tenure);
  }

  /** What has an outcome and is not committed is remembered for when it is read again. */
  #void(partition: number): void {
    const entry = this.#partitions.get(partition);
    if (entry === undefined) return;
    for (const record of entry.window.known()) this.#memory.add(partition, record);
    this.#pending -= entry.window.pending;
  }

  /** @returns false where these do not follow what was taken before: that was read before it was moved, or is not ours */
  expect(tenure: Tenure, { records, start, end }: PumpedRecords): boolean {
    const entry = this.entryOf(tenure);
    if (entry === null || entry.leaving || start !== entry.window.end) return false;
    entry.window.expect(records, end);
    this.#pending += records.length;
    return true;
  }

  /** Those that were expected, those without a timestamp with what stands in for it. */
  withStandIns(tenure: Tenure, records: readonly SourceRecord[], now: number): readonly SourceRecord[] {
    const entry = this.entryOf(tenure);
    const stood = withStandIns(records, entry?.nearestMs ?? null, now);
    if (entry !== null) entry.nearestMs = stood.nearestMs;
    return stood.records;
  }

  /** Nothing is to be had before `start`. Further back, it is another log: what waits is of the one before. */
  moveTo(tenure: Tenure, start: number): void {
    const entry = this.entryOf(tenure);
    if (entry === null) return;
    if (start >= entry.window.end) {
      entry.window.expect([], start);
      return;
    }
    this.#void(tenure.partition);
    entry.window = new OffsetWindow(start);
    entry.sent = 0;
    entry.waited = null;
    entry.nearestMs = null;
  }

  /**
   * These are about to go to Elasticsearch, and may be there whatever is heard of it.
   * @returns those that have to, with the windows of their partitions: the others got their outcome before they were read again
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

  /** Whether that is still the partition's window. */
  isCurrent(partition: number, window: OffsetWindow | undefined): boolean {
    return window !== undefined && this.#partitions.get(partition)?.window === window;
  }

  /** Whether everything that was sent of what is ours is committed too. */
  get sentIsCommitted(): boolean {
    for (const entry of this.#partitions.values()) if (!isSentCommitted(entry)) return false;
    return true;
  }

  /** Records fetched whose outcome is not known, or known but behind one that is not. */
  get pending(): number {
    return this.#pending;
  }

  /**
   * The outcomes of these records are known; they stand in runs of one partition each.
   * @param windows as they were sent: where a partition has another one by now, the outcome is kept for when it is read again
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
   * Forgets what was fetched and has no outcome yet: it is to be read again.
   * @returns the partitions that have any; they are read on at the end of their windows
   */
  rewind(): PartitionEntry[] {
    const moved: PartitionEntry[] = [];
    for (const [partition, entry] of this.#partitions) {
      // Read on where it stands: what of it is on its way is as good as what would be read again.
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

  /** What is told of a partition with a fetch, or beside it. */
  observe({ partition, highWatermark, lastStableOffset, logStart }: PartitionPosition, now: number): void {
    const entry = this.#partitions.get(partition);
    if (entry === undefined) return;
    entry.highWatermark = highWatermark;
    entry.lastStableOffset = lastStableOffset;
    entry.logStart = logStart;
    entry.observedAt = now;
    this.#clock.observed(partition, lagOf(entry), now);
  }

  /** What may be committed and is not yet, with the last record before it where one is known. */
  uncommitted(only?: readonly Tenure[]): CommitEntry[] {
    const entries: CommitEntry[] = [];
    const add = (entry: PartitionEntry): void => {
      const { tenure, window } = entry;
      if (isDue(entry)) entries.push({ tenure, offset: window.committable, last: window.last });
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

  /** Where each that is ours stands; null: at its beginning. */
  positions(): Map<number, number | null> {
    return new Map([...this.#partitions].map(([partition, { committed }]) => [partition, committed]));
  }

  /** Together; null: of none known. */
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

  /** @param count how many partitions the topic has; null: not known */
  status(count: number | null): PartitionStatus[] {
    const statuses = [...this.#partitions.values()].map((entry) =>
      ownStatus(entry, this.#clock.progressAt(entry.tenure.partition)),
    );
    for (let partition = 0; partition < (count ?? 0); partition += 1)
      if (!this.#partitions.has(partition)) statuses.push(strangerStatus(partition));
    return statuses.sort((a, b) => a.partition - b.partition);
  }
}

function isDue({ tenure, window, settled }: PartitionEntry): boolean {
  return window.committable !== settled && !tenure.ended;
}

function isSentCommitted({ sent, committed, highWatermark }: PartitionEntry): boolean {
  // What lies beyond the log's end was of another log.
  return (committed ?? 0) >= Math.min(sent, highWatermark ?? Infinity);
}
