import { bytesOfAll, detached } from "../../../lib/adapters/kafka/queries/source-record.ts";
import { backoffMs, type BackoffRule } from "../../../lib/rules/base/backoff.ts";
import {
  allIndexed,
  eachOutcome,
  type OutcomeKind,
  type RetryReason,
  type SourceRecord,
} from "../../../lib/rules/model/record.ts";
import { allInDoubt } from "../../../lib/rules/offsets/doubts.ts";
import type { Trouble } from "../../../lib/rules/progress/stall.ts";
import { type AttemptStart, Suspects } from "../../../lib/rules/outcomes/suspects.ts";
import { Attempt, Attempts } from "./attempts.ts";
import { noSeat, type Seat } from "../bulks/boarding.ts";
import type { PartitionLedger, Windows } from "../ledger/partition-ledger.ts";
import type { Load, LoadOwner, PlainWay } from "./load.ts";
import { SenderHealth } from "./sender-health.ts";
import type { AttemptResult, SendingDeps, SendingOwner } from "./sending-deps.ts";

/*
 * | an attempt is | meaning                                       | left by                                    |
 * | under way     | one try, in a shared body or bulks of its own | all settled or a fault: ended; else paused |
 * | paused        | backs off, drops void records                 | time over: offered; nothing left: ended    |
 * | offered       | waits for a place among the retries           | a place: under way                         |
 * | ended         | memory returned; a fault breaks the pump      | never                                      |
 *
 * An attempt whose records all need evidence of whose fault their refusal is, counts from then on neither against the
 * concurrency nor against the memory of its topic.
 */

const RETRY_BACKOFF: BackoffRule = { initialMs: 200, maxMs: 10_000 };

/** One topic's chunks in flight, each tried until all its records have an outcome. */
export class Sending implements LoadOwner {
  readonly suspects = new Suspects();
  readonly health: SenderHealth;
  readonly attempts: Attempts;
  readonly #deps: SendingDeps;
  readonly #ledger: PartitionLedger;
  readonly #owner: SendingOwner;
  readonly #onPlace: () => void;
  #life: AbortController | null = null;
  #closed = false;

  /** @param onPlace called whenever more may be sent */
  constructor(deps: SendingDeps, ledger: PartitionLedger, owner: SendingOwner, onPlace: () => void) {
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

  /** Drops void records from attempts that wait for their next try. */
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

  /** What `#send` does after an attempt whose records were all indexed. */
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

  send(chunk: readonly SourceRecord[], windows: Windows, seat: Seat): void {
    void this.#send(this.begin(chunk, windows), seat, this.suspects.begin(chunk));
  }

  begin(chunk: readonly SourceRecord[], windows: Windows): Attempt {
    const attempt = new Attempt(chunk, windows);
    attempt.doubt = this.#owner.doubts.of(chunk);
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

  /** Tries one chunk until each record has an outcome or is void. */
  async #send(attempt: Attempt, firstSeat: Seat, firstStart: AttemptStart): Promise<void> {
    const { events } = this.#deps;
    let seat = firstSeat;
    let isDone = false;
    try {
      for (let number = 1; attempt.left.length > 0; number += 1) {
        const tried = attempt.left;
        const start = number === 1 ? firstStart : this.suspects.begin(tried);
        const { bulk } = seat;
        const due = { isDue: () => this.isDue(attempt), mayMove: this.mayMove };
        const { outcomes, retry, unsure, evidence, gaveWay } = await this.#deps.ingest(
          tried,
          {
            number,
            proven: start.proven,
            doubt: attempt.doubt,
            bulk: (body, how) => bulk(body, { ...how, ...due }),
          },
          this.signal,
        );
        seat.end();
        attempt.underWay = false;
        if (gaveWay !== undefined && gaveWay.size > 0) events.gaveWay(gaveWay.values());
        if (evidence !== undefined) this.suspects.end(start, tried, outcomes, evidence);
        this.#settleSome(attempt, outcomes);
        this.#doubt(attempt, unsure ?? null);
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

  /** Where a repeated id may not meet its document, what may have been sent is looked up before the next try. */
  #doubt(attempt: Attempt, unsure: NonNullable<AttemptResult["unsure"]> | null): void {
    if (unsure === "not_looked_up") return;
    attempt.doubt = unsure === "maybe_sent" && this.mayMove ? allInDoubt : null;
    // Also of partitions that moved away or are read again: this attempt forgets them.
    if (attempt.doubt !== null)
      for (const { partition, offset } of attempt.left)
        this.#owner.doubts.raise(partition, offset + 1, this.#deps.before.place);
  }

  isDue(attempt: Attempt): boolean {
    return this.attempts.isCurrent(attempt);
  }

  get mayMove(): boolean {
    return this.#deps.before.mayMove;
  }

  /** Resolves when the next try is due, or once no record is left. */
  async #wasInVain(attempt: Attempt, retry: RetryReason, number: number): Promise<void> {
    const { events, time } = this.#deps;
    const { health } = this;
    health.wasInVain(retry);
    const { sinceMs = time.now() } = attempt.refused ?? {};
    attempt.refused = { sinceMs, attempts: number, retry };
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

  /** Books the outcomes and keeps the records without one. */
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
    // Copied: a few records left must not keep their whole fetch in memory.
    this.#settle(attempt, settled, again.map(detached));
  }

  #settle(attempt: Attempt, settled: readonly SourceRecord[], left: readonly SourceRecord[]): void {
    this.#ledger.resolve(settled, attempt.windows);
    this.#deps.share.give(bytesOfAll(settled));
    attempt.left = left;
    this.attempts.shrunk(attempt);
    this.health.progressed();
    this.#owner.onSettled();
  }

  /** Tries everything that waits for its next try at once. */
  tryNow(): void {
    for (const attempt of this.attempts.all) if (!attempt.underWay) attempt.wake();
  }

  /** Null: records get their outcomes. */
  get trouble(): Trouble | null {
    const { refused } = this.attempts;
    const told = this.health.told(this.attempts.count > 0);
    if (refused === null || told === null) return refused ?? told;
    return { ...refused, sinceMs: Math.min(refused.sinceMs, told.sinceMs) };
  }

  /** Ignores the answers to what is on its way. */
  close(): void {
    this.#closed = true;
    (this.#life ??= new AbortController()).abort(new Error("the pump was closed"));
    this.letGoOfVoid();
  }
}
