import type { CommitEntry } from "../../../lib/adapters/kafka/group/member/member.ts";
import type { Tenure } from "../../../lib/adapters/kafka/group/member/tenure.ts";
import type { PartitionPosition } from "../../../lib/adapters/kafka/reader/reader.ts";
import { bytesOfAll } from "../../../lib/adapters/kafka/queries/source-record.ts";
import { abortable } from "../../../lib/rules/base/abortable.ts";
import { messageOf } from "../../../lib/rules/base/errors.ts";
import { countRecords } from "../../../lib/rules/model/record.ts";
import type { Trouble } from "../../../lib/rules/progress/stall.ts";
import type { PartitionStatus } from "../../../lib/rules/progress/status.ts";
import type { Committable } from "../shares/committer.ts";
import { PartitionLedger } from "./partition-ledger.ts";
import type { Pump, PumpDeps, PumpedPartition, PumpedRecords } from "./pump-deps.ts";
import type { Sending, SendingOwner } from "./sending.ts";
import { TopicSender } from "./topic-sender.ts";

/** Above what the largest share of memory holds of ordinary log lines, so that nothing but a stuck record meets it. */
const MAX_PENDING_RECORDS = 250_000;

export function createPump(deps: PumpDeps): Pump {
  return new TopicPump(deps);
}

class TopicPump implements Pump, SendingOwner, Committable {
  readonly #deps: PumpDeps;
  readonly #ledger: PartitionLedger;
  readonly #sender: TopicSender;
  readonly #sending: Sending;
  #closed = false;
  #draining = false;
  /** True: while it drained, partitions were taken from it of which something was sent and not committed. */
  #cutOff = false;

  constructor(deps: PumpDeps) {
    this.#deps = deps;
    this.#ledger = new PartitionLedger(deps.clock, deps.memory);
    this.#sender = new TopicSender(deps, this.#ledger, this);
    this.#sending = this.#sender.sending;
  }

  own(partitions: readonly PumpedPartition[]): void {
    for (const partition of partitions) this.#ledger.own(partition, this.#deps.time.now());
    this.#sending.suspects.keep(this.#ledger.positions());
    // Where reading begins elsewhere than at what was committed, that is to be kept.
    this.onSettled();
  }

  async settle(tenures: readonly Tenure[], signal: AbortSignal): Promise<void> {
    for (const tenure of tenures) this.#ledger.leave(tenure);
    const numbers = new Set(tenures.map(({ partition }) => partition));
    this.#sender.drop((partition) => numbers.has(partition));
    try {
      // What is tried again may be tried for hours.
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
      if (this.#ledger.disown(tenure) && this.#draining) this.#cutOff = true;
    }
    if (numbers.size === 0) return;
    this.#sender.drop((partition) => numbers.has(partition));
    // What stalled may be gone with them.
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
    // What is read again must not be sent before that is answered, or it would be done twice.
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
      this.#sender.drop((partition) => partition === tenure.partition);
      this.#sending.letGoOfVoid();
    }
    this.onSettled();
  }

  observe(position: PartitionPosition): void {
    this.#ledger.observe(position, this.#deps.time.now());
  }

  /**
   * Lets go of everything that waits for an outcome, so that a topic which stands still takes no memory from the others.
   * Kafka keeps it: it is read again from the first record without an outcome, a little at a time. And again where all that
   * may wait does: what comes in another order, or was written meanwhile, may tell whose fault it is.
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

  onSettled(): void {
    if (!this.#closed) this.#deps.committer.schedule(this);
  }

  uncommitted(only?: readonly Tenure[]): CommitEntry[] {
    return this.#ledger.uncommitted(only);
  }

  committed(entry: CommitEntry): void {
    this.#ledger.markCommitted(entry, this.#deps.time.now());
    // What came to it meanwhile.
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
