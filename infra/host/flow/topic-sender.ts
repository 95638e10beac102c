import { bytesOfAll, detached } from "../../../lib/adapters/kafka/source-record.ts";
import type { ByteWriter } from "../../../lib/rules/bulk/byte-writer.ts";
import { backoffMs, type BackoffRule } from "../../../lib/rules/backoff.ts";
import {
  allIndexed,
  eachOutcome,
  type OutcomeKind,
  type RetryReason,
  type SourceRecord,
} from "../../../lib/rules/record.ts";
import { stalledAfterMs, toldAfterMs, type Trouble } from "../../../lib/rules/stall.ts";
import { type AttemptStart, Suspects } from "../../../lib/rules/suspects.ts";
import { Attempt, Attempts } from "./attempts.ts";
import { noSeat, type Seat, type Sender } from "./bulk-post.ts";
import { Load, type LoadOwner } from "./load.ts";
import type { PartitionLedger } from "./partition-ledger.ts";
import type { PlainWay, PumpDeps } from "./pump-deps.ts";
import { RecordQueue } from "./record-queue.ts";

const RETRY_BACKOFF: BackoffRule = { initialMs: 200, maxMs: 10_000 };
const MOST_LOADED_BYTES = 64 * 1024;

/** Whose records these are. */
export interface SenderOwner {
  /** Something may have become committable. */
  onSettled(): void;
  /** No record has got an outcome for too long: what waits is to be let go of. */
  onStalled(): void;
  /** True: what was sent must be heard of first. */
  readonly isEnding: boolean;
}

/** Sends one topic's records, several chunks at once, and each until all of it have their outcome. */
export class TopicSender implements Sender, LoadOwner {
  readonly suspects = new Suspects();
  /** True: it stalled, so it holds no more than one small fetch until a record gets an outcome again. */
  probing = false;
  readonly #deps: PumpDeps;
  readonly #ledger: PartitionLedger;
  readonly #owner: SenderOwner;
  readonly #attempts: Attempts;
  readonly #queue = new RecordQueue();
  /** Made with the first attempt. */
  #life: AbortController | null = null;
  #closed = false;
  /** True: it waits for a place. */
  #offered = false;
  #trouble: RetryReason | null = null;
  /** Since when records have been tried again and none got an outcome, handovers in between included. */
  #troubledSinceMs: number | null = null;
  /** When a record last got an outcome, or the first of several was sent. */
  #progressAt: number;
  /** Until its own bulk was answered well and soon, as the first one is, by which its index may be made. */
  #alone = true;

  constructor(deps: PumpDeps, ledger: PartitionLedger, owner: SenderOwner) {
    this.#deps = deps;
    this.#ledger = ledger;
    this.#owner = owner;
    this.#attempts = new Attempts((bytes) => deps.share.idle(bytes));
    this.#progressAt = deps.time.now();
  }

  push(records: readonly SourceRecord[]): void {
    this.#queue.push(records);
    if (this.#offered) this.#deps.post.more(this);
    else this.#offer();
  }

  /** Of attempts under way. */
  get count(): number {
    return this.#attempts.count;
  }

  /** Resolves with the next change of them. */
  get changed(): Promise<void> {
    return this.#attempts.changed;
  }

  /** Nothing is queued or under way. */
  get isIdle(): boolean {
    return this.#attempts.count === 0 && this.#queue.length === 0;
  }

  /** While it probes, one batch at a time is enough, beside those that wait for what the next tell; and none heaps up more. */
  get isFull(): boolean {
    const { count, waiting, mayWait } = this.#attempts;
    return this.probing && (this.#queue.length + count > waiting || !mayWait);
  }

  /** Whether records of these partitions are under way that were not tried in vain yet. */
  isUnderWay(partitions: ReadonlySet<number>): boolean {
    for (const { windows, inVain } of this.#attempts.all)
      if (!inVain) for (const partition of windows.keys()) if (partitions.has(partition)) return true;
    return false;
  }

  /** Whether some of the partition are under way for what it was before. */
  isUnderWayVoid(partition: number): boolean {
    for (const { underWay, windows, left } of this.#attempts.all) {
      const sentIn = underWay ? windows.get(partition) : undefined;
      if (sentIn === undefined || this.#ledger.isCurrent(partition, sentIn)) continue;
      if (left.some((record) => record.partition === partition)) return true;
    }
    return false;
  }

  /** Lets go of what was not sent of some partitions. */
  drop(isGone: (partition: number) => boolean): void {
    this.#deps.share.give(this.#queue.drop(isGone));
  }

  dropAll(): void {
    this.#deps.share.give(this.#queue.dropAll());
  }

  /** Of attempts that wait for their next try: what nobody asks for any more needs none. */
  letGoOfVoid(): void {
    let isTried = false;
    for (const attempt of this.#attempts.all) {
      if (!attempt.underWay) this.#keepCurrent(attempt);
      if (attempt.inVain && attempt.left.some((record) => this.#isCurrent(attempt, record))) isTried = true;
      if (attempt.left.length === 0) attempt.wake();
    }
    if (!isTried && !this.probing) this.#trouble = null;
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
    // What may take long holds one place.
    if (this.#alone && this.#attempts.isUnderWay) return;
    this.#offered = true;
    this.#deps.post.offer(this);
  }

  /** Only what is small: the rest is worth an attempt of its own, and no common body grows large by it. */
  load(out: ByteWriter): Load | null {
    const { memory, plain } = this.#deps;
    const records = this.#queue.records;
    const limits = this.#deps.limits();
    const { maxDocuments, maxBytes } = limits;
    if (plain === undefined || this.#closed || records.length === 0 || !memory.isEmpty) return null;
    if (records.length > maxDocuments || this.#queue.contentBytes > Math.min(maxBytes, MOST_LOADED_BYTES))
      return null;
    const from = out.length;
    const indices = encoded(plain, out, records);
    if (indices === null) return null;
    this.#offered = false;
    const { chunk, windows } = this.#ledger.send(this.#queue.take(limits));
    const attempt = new Attempt(chunk, windows);
    this.#begin(attempt);
    const load = new Load(
      this,
      { attempt, start: this.suspects.begin(chunk), indices },
      { from, to: out.length },
    );
    this.#offer();
    return load;
  }

  get plain(): PlainWay {
    const { plain } = this.#deps;
    if (plain === undefined) throw new Error("nothing was loaded");
    return plain;
  }

  /** The same as `#send` does where all of an attempt was indexed. */
  onCreated({ attempt, start, indices, fit }: Load): void {
    const { events, share } = this.#deps;
    const records = attempt.left;
    try {
      const outcomes = allIndexed(records.length);
      attempt.underWay = false;
      this.plain.indexed(records, outcomes);
      if (!this.suspects.isEmpty)
        this.suspects.end(start, records, outcomes, { doubts: new Map(), written: new Set(indices) });
      events.outcomes(outcomes);
      attempt.left = [];
      this.#ledger.resolve(records, attempt.windows);
      share.give(bytesOfAll(records));
      this.#progressed();
      this.#alone = !fit;
    } catch (error) {
      if (!this.#closed) events.broken(error);
    }
    this.#end(attempt, attempt.left.length === 0);
  }

  onOther({ attempt, start }: Load, seat: Seat): void {
    void this.#send(attempt, seat, start);
  }

  board(seat: Seat): void {
    this.#offered = false;
    const taken = this.#closed ? [] : this.#queue.take(this.#deps.limits());
    const { chunk, windows } = this.#ledger.send(taken);
    if (chunk.length < taken.length) {
      this.#deps.share.give(bytesOfAll(taken) - bytesOfAll(chunk));
      this.#owner.onSettled();
    }
    if (chunk.length === 0) seat.end();
    else {
      const attempt = new Attempt(chunk, windows);
      this.#begin(attempt);
      void this.#send(attempt, seat, this.suspects.begin(chunk));
    }
    this.#offer();
  }

  #begin(attempt: Attempt): void {
    if (this.#attempts.count === 0) this.#progressAt = this.#deps.time.now();
    this.#attempts.begin(attempt);
  }

  #end(attempt: Attempt, isDone: boolean): void {
    this.#deps.share.give(bytesOfAll(attempt.left));
    this.#attempts.end(attempt);
    if (isDone && this.#attempts.waiting === 0) this.#trouble = this.#troubledSinceMs = null;
    this.#deps.share.announce();
    this.#offer();
  }

  #progressed(): void {
    this.#progressAt = this.#deps.time.now();
    this.#troubledSinceMs = null;
    this.probing = false;
    this.#owner.onSettled();
  }

  get signal(): AbortSignal {
    return (this.#life ??= new AbortController()).signal;
  }

  /** Tries one chunk until each of its records has an outcome, or nobody asks for it any more. */
  async #send(attempt: Attempt, firstSeat: Seat, firstStart: AttemptStart): Promise<void> {
    const { events } = this.#deps;
    let seat = firstSeat;
    let isDone = false;
    try {
      for (let number = 1; attempt.left.length > 0; number += 1) {
        const tried = attempt.left;
        const start = number === 1 ? firstStart : this.suspects.begin(tried);
        const { outcomes, retry, evidence, gaveWay } = await this.#deps.ingest(
          tried,
          { number, proven: start.proven, seat },
          this.signal,
        );
        seat.end();
        attempt.underWay = false;
        if (gaveWay !== undefined && gaveWay.size > 0) events.gaveWay(gaveWay.values());
        if (evidence !== undefined) this.suspects.end(start, tried, outcomes, evidence);
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
      this.#end(attempt, isDone);
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
    if (this.suspects.holds(attempt.left)) this.#attempts.wait(attempt);
    else this.#attempts.announce();
    const isStalled = !this.#owner.isEnding && time.now() - this.#progressAt >= stalledAfterMs;
    if (isStalled && (!this.probing || !this.#attempts.mayWait)) {
      this.probing = true;
      this.#owner.onStalled();
    }
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

  /** Books the outcomes, and keeps the others. */
  #settleSome(attempt: Attempt, outcomes: readonly (OutcomeKind | null)[]): void {
    const { events, share } = this.#deps;
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
    // What stays must not keep the fetch of those that went in memory.
    attempt.left = again.map(detached);
    this.#attempts.shrunk(attempt);
    this.#progressed();
  }

  get trouble(): Trouble | null {
    const [trouble, sinceMs] = [this.#trouble, this.#progressAt];
    if (trouble !== null) return { sinceMs: this.#troubledSinceMs ?? sinceMs, message: trouble.message };
    const isSilent = this.#attempts.count > 0 && this.#deps.time.now() - sinceMs >= toldAfterMs;
    return isSilent ? { sinceMs, message: null } : null;
  }

  close(): void {
    this.#closed = true;
    this.#life?.abort(new Error("the pump was closed"));
    this.letGoOfVoid();
    if (this.#offered) this.#deps.post.withdraw(this);
    this.dropAll();
  }
}

function encoded(
  plain: PlainWay,
  out: ByteWriter,
  records: readonly SourceRecord[],
): readonly string[] | null {
  const start = out.length;
  try {
    return plain.encode(out, records);
  } catch {
    // A fault of ours, which must not be the others': the attempt that follows meets and tells it.
    out.truncate(start);
    return null;
  }
}
