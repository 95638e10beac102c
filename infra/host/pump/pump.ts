import type { CommitEntry } from "../../../lib/adapters/kafka/group/member/member.ts";
import type { Tenure } from "../../../lib/adapters/kafka/group/member/tenure.ts";
import type { PartitionPosition } from "../../../lib/adapters/kafka/reader/reader.ts";
import { bytesOfAll } from "../../../lib/adapters/kafka/queries/source-record.ts";
import { Doubts } from "../../../lib/rules/offsets/doubts.ts";
import { abortable } from "../../../lib/rules/base/abortable.ts";
import { messageOf } from "../../../lib/rules/base/errors.ts";
import { countRecords } from "../../../lib/rules/model/record.ts";
import type { Trouble } from "../../../lib/rules/progress/stall.ts";
import type { PartitionStatus } from "../../../lib/rules/progress/status.ts";
import type { PumpedPartition, PumpedRecords } from "../ledger/partition-entry.ts";
import { PartitionLedger } from "../ledger/partition-ledger.ts";
import type { ProgressClock } from "../ledger/progress-clock.ts";
import type { Committable, HostCommitter } from "../shares/committer.ts";
import type { Sending } from "./sending.ts";
import type { SendingDeps, SendingOwner } from "./sending-deps.ts";
import { TopicSender } from "./topic-sender.ts";

/*
 * A pump lives from its topic's start to the end of its drain, and each of its partitions for one tenure.
 *
 * | the pump is | meaning                                      | left by                                             |
 * | moving      | takes records, sends, commits                | 60 s of retries without an outcome: probing; drain  |
 * | probing     | stalled: dropped what waits, one small fetch | an outcome, or all it holds disowned: moving; drain |
 * | draining    | waits for what was sent, commits it          | close, once the drain resolves or is cut off        |
 * | closed      | holds no memory, ignores answers             | never: the next start makes another pump            |
 *
 * | a partition is | meaning                                     | left by                       |
 * | owned          | read from its start                         | settle: leaving; disown: gone |
 * | leaving        | takes nothing more, waits for what was sent | disown: gone                  |
 * | gone           | outcomes that still arrive are remembered   | own, under another tenure     |
 */

/** Higher than the largest memory share holds of ordinary log lines: only a stuck record reaches it. */
const MAX_PENDING_RECORDS = 250_000;

export interface PumpDeps extends SendingDeps {
  /** The topic's, shared by its successive pumps. */
  readonly clock: ProgressClock;
  readonly committer: HostCommitter;
}

/** Moves the records of one topic: from decoded records, through bulks in flight, to committed offsets. */
export interface Pump {
  /** What was sent of a partition is about to be looked up: only what is sent in vain from now on is not seen. */
  expect(tenure: Tenure): void;
  /** Begins tenures. Other partitions are not affected. */
  own(partitions: readonly PumpedPartition[]): void;
  /**
   * Before a handover: takes no more records of these partitions, drops unsent ones, waits for what was sent unless it
   * is being retried, and commits. Resolves when the signal aborts, too.
   */
  settle(tenures: readonly Tenure[], signal: AbortSignal): Promise<void>;
  /** Ends tenures at once. Uncommitted outcomes are remembered for when a partition comes back. */
  disown(tenures: readonly Tenure[]): void;
  /** Whether records of it may be taken now; if not, the share's `onRoom` tells when to ask again. */
  mayTake(tenure: Tenure): boolean;
  /** True: stalled, and asks for the smallest fetches only. */
  readonly probing: boolean;
  /** Takes records and the memory for them. @returns false if they are not due (any more) */
  take(tenure: Tenure, records: PumpedRecords): boolean;
  /** The next offset to take; null: not owned (any more). */
  nextOf(tenure: Tenure): number | null;
  /** Continues at `start` because nothing before it exists. A smaller offset means another log: what waits is void. */
  moveTo(tenure: Tenure, start: number): void;
  observe(position: PartitionPosition): void;
  /** @param count the topic's number of partitions; null: unknown */
  partitions(count: number | null): PartitionStatus[];
  /** The sum over owned partitions; null: unknown for all of them. */
  readonly lag: number | null;
  isOurs(partition: number): boolean;
  /** Null: records get their outcomes. */
  readonly trouble: Trouble | null;
  /** Tries everything that waits for its next try at once. */
  tryNow(): void;
  /**
   * Takes nothing more, drops unsent records, waits for what was sent and commits it.
   * @returns true if everything sent was committed; otherwise it will be read and sent again
   */
  drain(signal: AbortSignal): Promise<boolean>;
  /** Ends at once. Required after `drain`, too. */
  close(): void;
}

export function createPump(deps: PumpDeps): Pump {
  return new TopicPump(deps);
}

class TopicPump implements Pump, SendingOwner, Committable {
  readonly #deps: PumpDeps;
  readonly #ledger: PartitionLedger;
  readonly #sender: TopicSender;
  readonly #sending: Sending;
  readonly doubts = new Doubts();
  #closed = false;
  #draining = false;
  /** True: a partition with sent but uncommitted records was lost during the drain. */
  #cutOff = false;

  constructor(deps: PumpDeps) {
    this.#deps = deps;
    this.#ledger = new PartitionLedger(deps.clock, deps.memory);
    this.#sender = new TopicSender(deps, this.#ledger, this);
    this.#sending = this.#sender.sending;
  }

  expect(tenure: Tenure): void {
    if (this.#ledger.entryOf(tenure) === null) this.doubts.expect(tenure, this.#ledger.has(tenure.partition));
  }

  own(partitions: readonly PumpedPartition[]): void {
    for (const partition of partitions) {
      const { tenure, position, doubtBelow, place } = partition;
      this.#ledger.own(partition, this.#deps.time.now());
      this.doubts.begin(tenure, position.start, doubtBelow, place);
    }
    this.#sending.suspects.keep(this.#ledger.positions());
    // A start that differs from the commit must itself be committed.
    this.onSettled();
  }

  async settle(tenures: readonly Tenure[], signal: AbortSignal): Promise<void> {
    for (const tenure of tenures) this.#ledger.leave(tenure);
    const numbers = new Set(tenures.map(({ partition }) => partition));
    this.#sender.drop((partition) => numbers.has(partition));
    try {
      // Not for retries: those may go on for hours.
      while (this.#sending.attempts.isUnderWayOf(numbers))
        await abortable(this.#sending.attempts.changed, signal);
      await this.#deps.committer.flush(this, tenures, signal);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  disown(tenures: readonly Tenure[]): void {
    const numbers = new Set<number>();
    for (const tenure of tenures) {
      if (this.#ledger.entryOf(tenure) === null) continue;
      numbers.add(tenure.partition);
      this.doubts.disowned(tenure);
      if (this.#ledger.disown(tenure) && this.#draining) this.#cutOff = true;
    }
    if (numbers.size === 0) return;
    this.#sender.drop((partition) => numbers.has(partition));
    // The stalled records may have been theirs.
    if (this.#sender.isIdle) this.#sending.health.probing = false;
    this.#sending.letGoOfVoid();
    this.#sending.suspects.keep(this.#ledger.positions());
    this.#deps.share.announce();
  }

  get probing(): boolean {
    return this.#sending.health.probing;
  }

  mayTake(tenure: Tenure): boolean {
    const entry = this.#ledger.entryOf(tenure);
    if (entry === null || entry.leaving || this.isEnding) return false;
    if (this.#ledger.pending >= MAX_PENDING_RECORDS || this.#sender.isFull) return false;
    // Records read again must not be sent before the former request is answered, or they would be booked twice.
    return !this.#sending.attempts.isUnderWayVoid(tenure.partition);
  }

  take(tenure: Tenure, taken: PumpedRecords): boolean {
    const { events, share, time } = this.#deps;
    if (this.isEnding || !this.#ledger.expect(tenure, taken)) return false;
    const { records } = taken;
    if (records.length === 0) {
      this.onSettled();
      return true;
    }
    share.hold(bytesOfAll(records));
    events.consumed(countRecords(records));
    this.#sender.push(this.#ledger.withStandIns(tenure, records, time.now()));
    return true;
  }

  nextOf(tenure: Tenure): number | null {
    return this.#ledger.entryOf(tenure)?.window.end ?? null;
  }

  moveTo(tenure: Tenure, start: number): void {
    const next = this.nextOf(tenure);
    if (next === null) return;
    this.#ledger.moveTo(tenure, start);
    if (start < next) {
      // A log that was truncated still holds records that were sent.
      const { mayMove, place } = this.#deps.before;
      if (mayMove) this.doubts.raise(tenure.partition, next, place);
      this.#sender.drop((partition) => partition === tenure.partition);
      this.#sending.letGoOfVoid();
    }
    this.onSettled();
  }

  observe(position: PartitionPosition): void {
    this.#ledger.observe(position, this.#deps.time.now());
  }

  /**
   * Drops everything that waits for an outcome, so that a stalled topic takes no memory from the others. It is read
   * again from the first record without an outcome, a little at a time. Called again when the maximum waits for
   * evidence: another order, or what was written meanwhile, may show whose fault it is.
   */
  onStalled(): void {
    this.#sender.dropAll();
    const moved = new Set(this.#ledger.rewind());
    this.#sending.letGoOfVoid();
    for (const entry of this.#ledger.entries) {
      if (moved.has(entry)) entry.source.seek(entry.window.end);
      else entry.source.letGo();
    }
  }

  get isEnding(): boolean {
    return this.#draining || this.#closed;
  }

  get trouble(): Trouble | null {
    return this.#sending.trouble;
  }

  tryNow(): void {
    this.#sending.tryNow();
  }

  onSettled(): void {
    if (!this.#closed) this.#deps.committer.schedule(this);
  }

  uncommitted(only?: readonly Tenure[]): CommitEntry[] {
    const { place } = this.#deps.before;
    const entries = this.#ledger.uncommitted(place, only);
    if (this.doubts.isEmpty) return entries;
    return entries.map(({ tenure, offset, last, marks = null }) => ({
      tenure,
      offset,
      last,
      place: this.doubts.placeAfter(tenure.partition, offset, place),
      marks,
    }));
  }

  committed(entry: CommitEntry): void {
    this.#ledger.markCommitted(entry, this.#deps.time.now());
    // The commit may be of another log: reading may have moved back since it was sent.
    const settled = this.#ledger.entryOf(entry.tenure)?.window.committable ?? 0;
    this.doubts.committed(entry.tenure.partition, Math.min(entry.offset, settled));
    // More may have become committable meanwhile.
    if (this.#ledger.isUncommitted(entry.tenure)) this.onSettled();
  }

  commitFailed(error: unknown): void {
    if (!this.#closed) this.#deps.events.commitFailed(error);
  }

  partitions(count: number | null): PartitionStatus[] {
    return this.#ledger.status(count);
  }

  get lag(): number | null {
    return this.#ledger.lag;
  }

  isOurs(partition: number): boolean {
    return this.#ledger.has(partition);
  }

  async drain(signal: AbortSignal): Promise<boolean> {
    this.#draining = true;
    this.#cutOff = false;
    this.#sender.dropAll();
    try {
      while (this.#sending.attempts.count > 0) await abortable(this.#sending.attempts.changed, signal);
      await this.#deps.committer.flush(this, undefined, signal);
      return !this.#cutOff && this.#ledger.sentIsCommitted;
    } catch (error) {
      if (!signal.aborted) throw new Error(`draining failed: ${messageOf(error)}`, { cause: error });
      return false;
    }
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#ledger.disownAll();
    this.#deps.committer.forget(this);
    this.#sender.close();
    this.#deps.share.leave();
  }
}
