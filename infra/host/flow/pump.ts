import type { CommitEntry } from "../../../lib/adapters/kafka/group/member.ts";
import type { Tenure } from "../../../lib/adapters/kafka/group/tenure.ts";
import type { PartitionPosition } from "../../../lib/adapters/kafka/reader/reader.ts";
import { bytesOfAll, detached } from "../../../lib/adapters/kafka/source-record.ts";
import { abortable } from "../../../lib/rules/abortable.ts";
import { backoffMs, type BackoffRule } from "../../../lib/rules/backoff.ts";
import { messageOf } from "../../../lib/rules/errors.ts";
import {
  countRecords,
  eachOutcome,
  type OutcomeKind,
  type RetryReason,
  type SourceRecord,
} from "../../../lib/rules/record.ts";
import { stalledAfterMs, toldAfterMs, type Trouble } from "../../../lib/rules/stall.ts";
import type { PartitionStatus } from "../../../lib/rules/status.ts";
import { Suspects } from "../../../lib/rules/suspects.ts";
import { Attempt, Attempts } from "./attempts.ts";
import type { Seat, Sender } from "./bulk-post.ts";
import type { Committable } from "./committer.ts";
import { PartitionLedger } from "./partition-ledger.ts";
import type { Pump, PumpDeps, PumpedPartition, PumpedRecords } from "./pump-deps.ts";
import { RecordQueue } from "./record-queue.ts";

const RETRY_BACKOFF: BackoffRule = { initialMs: 200, maxMs: 10_000 };
/** Above what the largest share of memory holds of ordinary log lines, so that nothing but a stuck record meets it. */
const MAX_PENDING_RECORDS = 250_000;

export function createPump(deps: PumpDeps): Pump {
  return new TopicPump(deps);
}

class TopicPump implements Pump, Sender, Committable {
  readonly #deps: PumpDeps;
  readonly #ledger: PartitionLedger;
  readonly #attempts: Attempts;
  readonly #queue = new RecordQueue();
  readonly #suspects = new Suspects();
  /** Made with the first attempt. */
  #life: AbortController | null = null;
  #closed = false;
  #draining = false;
  /** True: while it drained, partitions were taken from it of which something was sent and not committed. */
  #cutOff = false;
  /** True: it waits for a place. */
  #offered = false;
  #trouble: RetryReason | null = null;
  /** Since when records have been tried again and none got an outcome, handovers in between included. */
  #troubledSinceMs: number | null = null;
  /** When a record last got an outcome, or the first of several was sent. */
  #progressAt: number;
  #probing = false;
  /** Until its own bulk was answered well and soon, as the first one is, by which its index may be made. */
  #alone = true;

  constructor(deps: PumpDeps) {
    this.#deps = deps;
    this.#ledger = new PartitionLedger(deps.clock, deps.memory);
    this.#attempts = new Attempts((bytes) => deps.share.idle(bytes));
    this.#progressAt = deps.time.now();
  }

  // What it owns.

  own(partitions: readonly PumpedPartition[]): void {
    for (const partition of partitions) this.#ledger.own(partition, this.#deps.time.now());
    this.#suspects.keep(this.#ledger.positions());
    // Where reading begins elsewhere than at what was committed, that is to be kept.
    this.#scheduleCommit();
  }

  async settle(tenures: readonly Tenure[], signal: AbortSignal): Promise<void> {
    for (const tenure of tenures) this.#ledger.leave(tenure);
    const numbers = new Set(tenures.map(({ partition }) => partition));
    this.#deps.share.give(this.#queue.drop((partition) => numbers.has(partition)));
    try {
      // What is tried again may be tried for hours.
      while (this.#isUnderWay(numbers)) await abortable(this.#attempts.changed, signal);
      await this.#deps.committer.flush(this, tenures, signal);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  #isUnderWay(partitions: ReadonlySet<number>): boolean {
    for (const { windows, inVain } of this.#attempts.all)
      if (!inVain) for (const partition of windows.keys()) if (partitions.has(partition)) return true;
    return false;
  }

  disown(tenures: readonly Tenure[]): void {
    const numbers = new Set<number>();
    for (const tenure of tenures) {
      if (this.#ledger.entryOf(tenure) === null) continue;
      numbers.add(tenure.partition);
      if (this.#ledger.disown(tenure) && this.#draining) this.#cutOff = true;
    }
    if (numbers.size === 0) return;
    this.#deps.share.give(this.#queue.drop((partition) => numbers.has(partition)));
    this.#letGoOfVoid();
    this.#suspects.keep(this.#ledger.positions());
    // What stalled may be gone with them.
    if (this.#attempts.count === 0 && this.#queue.length === 0) this.#probing = false;
    this.#deps.share.announce();
  }

  /** Of attempts that wait for their next try: what nobody asks for any more needs none. */
  #letGoOfVoid(): void {
    let isTried = false;
    for (const attempt of this.#attempts.all) {
      if (!attempt.underWay) this.#keepCurrent(attempt);
      if (attempt.inVain && attempt.left.some((record) => this.#isCurrent(attempt, record))) isTried = true;
      if (attempt.left.length === 0) attempt.wake();
    }
    if (!isTried) this.#trouble = null;
  }

  #isCurrent({ windows }: Attempt, { partition }: SourceRecord): boolean {
    return this.#ledger.isCurrent(partition, windows.get(partition));
  }

  #keepCurrent(attempt: Attempt): void {
    const { left } = attempt;
    if (left.every((record) => this.#isCurrent(attempt, record))) return;
    attempt.left = left.filter((record) => this.#isCurrent(attempt, record));
    this.#deps.share.give(bytesOfAll(left) - bytesOfAll(attempt.left));
    this.#attempts.shrunk(attempt);
  }

  // What it takes.

  get probing(): boolean {
    return this.#probing;
  }

  mayTake(tenure: Tenure): boolean {
    const entry = this.#ledger.entryOf(tenure);
    if (entry === null || entry.leaving || this.#draining || this.#closed || this.#isFull()) return false;
    for (const { underWay, windows, left } of this.#attempts.all) {
      const sentIn = underWay ? windows.get(tenure.partition) : undefined;
      if (sentIn === undefined || sentIn === entry.window) continue;
      // What is read again must not be sent before that is answered, or it would be done twice.
      if (left.some(({ partition }) => partition === tenure.partition)) return false;
    }
    return true;
  }

  /** While it probes, one batch at a time is enough, beside those that wait for what the next tell; and none heaps up more. */
  #isFull(): boolean {
    if (this.#ledger.pending >= MAX_PENDING_RECORDS) return true;
    const { count, waiting, mayWait } = this.#attempts;
    return this.#probing && (this.#queue.length + count > waiting || !mayWait);
  }

  take(tenure: Tenure, taken: PumpedRecords): boolean {
    const { events, share, time, post } = this.#deps;
    if (this.#draining || this.#closed || !this.#ledger.expect(tenure, taken)) return false;
    const { records } = taken;
    if (records.length === 0) {
      this.#scheduleCommit();
      return true;
    }
    share.hold(bytesOfAll(records));
    events.consumed(countRecords(records));
    this.#queue.push(this.#ledger.withStandIns(tenure, records, time.now()));
    if (this.#offered) post.more(this);
    else this.#offer();
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
      this.#deps.share.give(this.#queue.drop((partition) => partition === tenure.partition));
      this.#letGoOfVoid();
    }
    this.#scheduleCommit();
  }

  observe(position: PartitionPosition): void {
    this.#ledger.observe(position, this.#deps.time.now());
  }

  // What it sends.

  get documents(): number {
    return this.#queue.length;
  }

  get bytes(): number {
    return this.#queue.contentBytes;
  }

  get alone(): boolean {
    // Where there is no room for anybody, going alone would only make it less.
    return this.#alone || (this.#trouble !== null && this.#trouble.code !== "too_many_requests");
  }

  get again(): boolean {
    return this.#trouble !== null;
  }

  /** It waits for one place at a time, so that each topic gets its turn. */
  #offer(): void {
    if (this.#offered || this.#closed || this.#queue.length === 0) return;
    if (this.#attempts.count - this.#attempts.waiting >= this.#deps.limits().concurrency) return;
    this.#offered = true;
    this.#deps.post.offer(this);
  }

  board(seat: Seat): void {
    this.#offered = false;
    const taken = this.#closed ? [] : this.#queue.take(this.#deps.limits());
    const { chunk, windows } = this.#ledger.send(taken);
    if (chunk.length < taken.length) {
      this.#deps.share.give(bytesOfAll(taken) - bytesOfAll(chunk));
      this.#scheduleCommit();
    }
    if (chunk.length === 0) seat.end();
    else void this.#send(new Attempt(chunk, windows), seat);
    this.#offer();
  }

  get #signal(): AbortSignal {
    return (this.#life ??= new AbortController()).signal;
  }

  /** Tries one chunk until each of its records has an outcome, or nobody asks for it any more. */
  async #send(attempt: Attempt, firstSeat: Seat): Promise<void> {
    const { events, time } = this.#deps;
    if (this.#attempts.count === 0) this.#progressAt = time.now();
    this.#attempts.begin(attempt);
    let seat = firstSeat;
    let isDone = false;
    try {
      for (let number = 1; attempt.left.length > 0; number += 1) {
        const tried = attempt.left;
        const start = this.#suspects.begin(tried);
        const { outcomes, retry, evidence, gaveWay } = await this.#deps.ingest(
          tried,
          { number, proven: start.proven, seat },
          this.#signal,
        );
        seat.end();
        attempt.underWay = false;
        if (gaveWay !== undefined && gaveWay.size > 0) events.gaveWay(gaveWay.values());
        if (evidence !== undefined) this.#suspects.end(start, tried, outcomes, evidence);
        this.#settleSome(attempt, outcomes);
        isDone = attempt.left.length === 0;
        if (isDone) this.#alone = !seat.fit;
        this.#keepCurrent(attempt);
        if (attempt.left.length === 0) break;
        if (retry === null)
          throw new Error("an attempt left records without an outcome and without a reason");
        await this.#wasInVain(attempt, retry, number);
        seat = await this.#seatAgain(attempt);
        this.#keepCurrent(attempt);
        attempt.underWay = true;
      }
    } catch (error) {
      if (!this.#closed) events.broken(error);
    } finally {
      seat.end();
      this.#deps.share.give(bytesOfAll(attempt.left));
      this.#attempts.end(attempt);
      if (isDone && this.#attempts.waiting === 0) this.#trouble = this.#troubledSinceMs = null;
      this.#deps.share.announce();
      this.#offer();
    }
  }

  /** Resolves when it is time for the next try, if anything of it is left by then. */
  async #wasInVain(attempt: Attempt, retry: RetryReason, number: number): Promise<void> {
    const { events, time } = this.#deps;
    this.#trouble = retry;
    this.#troubledSinceMs ??= time.now();
    if (retry.code !== "too_many_requests") this.#alone = true;
    attempt.inVain = true;
    events.retried(retry, attempt.left.length);
    if (this.#suspects.holds(attempt.left)) this.#attempts.wait(attempt);
    else this.#attempts.announce();
    const isStalled = !this.#draining && time.now() - this.#progressAt >= stalledAfterMs;
    if (isStalled && (!this.#probing || !this.#attempts.mayWait)) this.#shed();
    this.#deps.share.announce();
    this.#offer();
    if (attempt.left.length > 0) await attempt.pause(time, backoffMs(RETRY_BACKOFF, number, time.random()));
  }

  async #seatAgain(attempt: Attempt): Promise<Seat> {
    const { promise, resolve } = Promise.withResolvers<Seat>();
    if (attempt.left.length === 0) return noSeat;
    this.#deps.post.offer({
      documents: attempt.left.length,
      bytes: bytesOfAll(attempt.left),
      alone: this.alone,
      again: true,
      board: resolve,
    });
    return promise;
  }

  /**
   * Lets go of everything that waits for an outcome, so that a topic which stands still takes no memory from the others.
   * Kafka keeps it: it is read again from the first record without an outcome, a little at a time. And again where all that
   * may wait does: what comes in another order, or was written meanwhile, may tell whose fault it is.
   */
  #shed(): void {
    const trouble = this.#trouble;
    this.#probing = true;
    this.#deps.share.give(this.#queue.dropAll());
    const moved = new Set(this.#ledger.rewind());
    this.#letGoOfVoid();
    this.#trouble = trouble;
    for (const entry of this.#ledger.entries) {
      if (moved.has(entry)) entry.source.seek(entry.window.end);
      else entry.source.letGo();
    }
  }

  /** Books the outcomes, and keeps the others. */
  #settleSome(attempt: Attempt, outcomes: readonly (OutcomeKind | null)[]): void {
    const { events, share, time } = this.#deps;
    const records = attempt.left;
    const again: SourceRecord[] = [];
    const settled: SourceRecord[] = [];
    for (let at = 0; at < records.length; at += 1) {
      const record = records[at];
      if (record !== undefined) ((outcomes[at] ?? null) === null ? again : settled).push(record);
    }
    events.outcomes(eachOutcome(records, outcomes));
    if (settled.length === 0) return;
    for (const { setAside } of settled) if (setAside !== undefined) events.setAside(setAside);
    this.#ledger.resolve(settled, attempt.windows);
    share.give(bytesOfAll(settled));
    this.#progressAt = time.now();
    this.#troubledSinceMs = null;
    this.#probing = false;
    // What stays must not keep the fetch of those that went in memory.
    attempt.left = again.map(detached);
    this.#attempts.shrunk(attempt);
    this.#scheduleCommit();
  }

  get trouble(): Trouble | null {
    const [trouble, sinceMs] = [this.#trouble, this.#progressAt];
    if (trouble !== null) return { sinceMs: this.#troubledSinceMs ?? sinceMs, message: trouble.message };
    const isSilent = this.#attempts.count > 0 && this.#deps.time.now() - sinceMs >= toldAfterMs;
    return isSilent ? { sinceMs, message: null } : null;
  }

  // What it commits.

  #scheduleCommit(): void {
    if (!this.#closed) this.#deps.committer.schedule(this);
  }

  uncommitted(only?: readonly Tenure[]): CommitEntry[] {
    return this.#ledger.uncommitted(only);
  }

  committed(entry: CommitEntry): void {
    this.#ledger.markCommitted(entry, this.#deps.time.now());
    // What came to it meanwhile.
    if (this.#ledger.uncommitted([entry.tenure]).length > 0) this.#scheduleCommit();
  }

  commitFailed(error: unknown): void {
    if (!this.#closed) this.#deps.events.commitFailed(error);
  }

  partitions(count: number | null): PartitionStatus[] {
    return this.#ledger.status(count);
  }

  // How it ends.

  async drain(signal: AbortSignal): Promise<boolean> {
    this.#draining = true;
    this.#cutOff = false;
    this.#deps.share.give(this.#queue.dropAll());
    try {
      while (this.#attempts.count > 0) await abortable(this.#attempts.changed, signal);
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
    this.#life?.abort(new Error("the pump was closed"));
    this.#ledger.disownAll();
    this.#letGoOfVoid();
    this.#deps.committer.forget(this);
    if (this.#offered) this.#deps.post.withdraw(this);
    this.#deps.share.give(this.#queue.dropAll());
    this.#deps.share.leave();
  }
}

/** Of an attempt with nothing left to send. */
const noSeat: Seat = {
  bulk: () => Promise.reject(new Error("nothing was to be sent")),
  fit: true,
  end() {},
};
