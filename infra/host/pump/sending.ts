import { bytesOfAll, detached } from "../../../lib/adapters/kafka/queries/source-record.ts";
import { backoffMs, type BackoffRule } from "../../../lib/rules/base/backoff.ts";
import {
  allIndexed,
  eachOutcome,
  type OutcomeKind,
  type RetryReason,
  type SourceRecord,
} from "../../../lib/rules/model/record.ts";
import type { Trouble } from "../../../lib/rules/progress/stall.ts";
import { type AttemptStart, Suspects } from "../../../lib/rules/outcomes/suspects.ts";
import { Attempt, Attempts } from "./attempts.ts";
import { noSeat, type Seat } from "../bulks/boarding.ts";
import type { Load, LoadOwner } from "./load.ts";
import type { PartitionLedger, Windows } from "./partition-ledger.ts";
import type { PlainWay, PumpDeps } from "./pump-deps.ts";
import { SenderHealth } from "./sender-health.ts";

const RETRY_BACKOFF: BackoffRule = { initialMs: 200, maxMs: 10_000 };

/** Whose records these are. */
export interface SendingOwner {
  /** Something may have become committable. */
  onSettled(): void;
  /** No record has got an outcome for too long: what waits is to be let go of. */
  onStalled(): void;
  /** True: what was sent must be heard of first. */
  readonly isEnding: boolean;
}

/** What one topic has on its way, each chunk tried until all of it has its outcome. */
export class Sending implements LoadOwner {
  readonly suspects = new Suspects();
  readonly health: SenderHealth;
  readonly attempts: Attempts;
  readonly #deps: PumpDeps;
  readonly #ledger: PartitionLedger;
  readonly #owner: SendingOwner;
  readonly #onPlace: () => void;
  /** Made with the first attempt. */
  #life: AbortController | null = null;
  #closed = false;

  /** @param onPlace told whenever more may be sent */
  constructor(deps: PumpDeps, ledger: PartitionLedger, owner: SendingOwner, onPlace: () => void) {
    this.#deps = deps;
    this.#ledger = ledger;
    this.#owner = owner;
    this.#onPlace = onPlace;
    this.health = new SenderHealth(deps.time);
    this.attempts = new Attempts(ledger, deps.share);
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  /** Of attempts that wait for their next try: what nobody asks for any more needs none. */
  letGoOfVoid(): void {
    let isTried = false;
    for (const attempt of this.attempts.all) {
      if (!attempt.underWay) this.attempts.keepCurrent(attempt);
      if (attempt.inVain && this.attempts.hasCurrent(attempt)) isTried = true;
      if (attempt.left.length === 0) attempt.wake();
    }
    if (!isTried) this.health.letGo();
  }

  get plain(): PlainWay {
    const { plain } = this.#deps;
    if (plain === undefined) throw new Error("nothing was loaded");
    return plain;
  }

  get signal(): AbortSignal {
    return (this.#life ??= new AbortController()).signal;
  }

  get again(): boolean {
    return this.health.isTroubled;
  }

  /** The same as `#send` does where all of an attempt was indexed. */
  onCreated({ attempt, start, indices, fit }: Load): void {
    const { events } = this.#deps;
    const records = attempt.left;
    try {
      const outcomes = allIndexed(records.length);
      attempt.underWay = false;
      this.plain.indexed(records, outcomes);
      if (!this.suspects.isEmpty)
        this.suspects.end(start, records, outcomes, { doubts: new Map(), written: new Set(indices) });
      events.outcomes(outcomes);
      this.#settle(attempt, records, []);
      this.health.mayTakeLong = !fit;
    } catch (error) {
      if (!this.#closed) events.broken(error);
    }
    this.#end(attempt, attempt.left.length === 0);
  }

  onOther({ attempt, start }: Load, seat: Seat): void {
    void this.#send(attempt, seat, start);
  }

  /** Its first bulk goes by the seat. */
  send(chunk: readonly SourceRecord[], windows: Windows, seat: Seat): void {
    void this.#send(this.begin(chunk, windows), seat, this.suspects.begin(chunk));
  }

  begin(chunk: readonly SourceRecord[], windows: Windows): Attempt {
    const attempt = new Attempt(chunk, windows);
    if (this.attempts.count === 0) this.health.began();
    this.attempts.begin(attempt);
    return attempt;
  }

  #end(attempt: Attempt, isDone: boolean): void {
    this.#deps.share.give(bytesOfAll(attempt.left));
    this.attempts.end(attempt);
    if (isDone && this.attempts.waiting === 0) this.health.recovered();
    this.#deps.share.announce();
    this.#onPlace();
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
        if (isDone) this.health.mayTakeLong = !seat.fit;
        this.attempts.keepCurrent(attempt);
        if (attempt.left.length === 0) break;
        if (retry === null)
          throw new Error("an attempt left records without an outcome and without a reason");
        await this.#wasInVain(attempt, retry, number);
        seat = await this.#seatAgain(attempt);
        this.attempts.keepCurrent(attempt);
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
    const { health } = this;
    health.wasInVain(retry);
    attempt.inVain = true;
    events.retried(retry, attempt.left.length);
    if (this.suspects.holds(attempt.left)) this.attempts.wait(attempt);
    else this.attempts.announce();
    const isStalled = !this.#owner.isEnding && health.isStalled;
    if (isStalled && (!health.probing || !this.attempts.mayWait)) {
      health.probing = true;
      this.#owner.onStalled();
    }
    this.#deps.share.announce();
    this.#onPlace();
    if (attempt.left.length > 0) await attempt.pause(time, backoffMs(RETRY_BACKOFF, number, time.random()));
  }

  async #seatAgain(attempt: Attempt): Promise<Seat> {
    const { promise, resolve } = Promise.withResolvers<Seat>();
    if (attempt.left.length === 0) return noSeat;
    this.#deps.post.offer({
      documents: attempt.left.length,
      bytes: bytesOfAll(attempt.left),
      alone: this.health.alone,
      again: true,
      board: resolve,
    });
    return promise;
  }

  /** Books the outcomes, and keeps the others. */
  #settleSome(attempt: Attempt, outcomes: readonly (OutcomeKind | null)[]): void {
    const { events } = this.#deps;
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
    // What stays must not keep the fetch of those that went in memory.
    this.#settle(attempt, settled, again.map(detached));
  }

  /** These have their outcome. */
  #settle(attempt: Attempt, settled: readonly SourceRecord[], left: readonly SourceRecord[]): void {
    this.#ledger.resolve(settled, attempt.windows);
    this.#deps.share.give(bytesOfAll(settled));
    attempt.left = left;
    this.attempts.shrunk(attempt);
    this.health.progressed();
    this.#owner.onSettled();
  }

  /** Null: what is sent gets its outcomes. */
  get trouble(): Trouble | null {
    return this.health.told(this.attempts.count > 0);
  }

  /** What is on its way is heard of by nobody any more. */
  close(): void {
    this.#closed = true;
    (this.#life ??= new AbortController()).abort(new Error("the pump was closed"));
    this.letGoOfVoid();
  }
}
