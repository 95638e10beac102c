import { bytesOfAll } from "../../../lib/adapters/kafka/queries/source-record.ts";
import type { SourceRecord } from "../../../lib/rules/model/record.ts";
import type { Time } from "../../../lib/rules/base/time.ts";
import type { ByteShare } from "../shares/byte-budget.ts";
import type { PartitionLedger, Windows } from "./partition-ledger.ts";

/** So many chunks may wait beside those that are counted: what they hold stays small where everything is refused. */
const MAX_WAITING = 8;

/** One chunk of records that is tried until each has an outcome, or nobody asks for it any more. */
export class Attempt {
  /** Those without an outcome yet. */
  left: readonly SourceRecord[];
  /** Of their partitions, as they were sent. */
  readonly windows: Windows;
  /** A request with all that is left may be on its way: it must not be sent by anybody else. */
  underWay = true;
  /** It was tried in vain. */
  inVain = false;
  waits = false;
  /** What of it counts as idle. */
  idleBytes = 0;
  #wake: (() => void) | null = null;

  constructor(left: readonly SourceRecord[], windows: Windows) {
    this.left = left;
    this.windows = windows;
  }

  /** Resolves after so long, or when it is woken. */
  async pause(time: Time, ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const callOff = time.after(ms, resolve);
    this.#wake = resolve;
    await promise;
    this.#wake = null;
    callOff();
  }

  wake(): void {
    this.#wake?.();
  }
}

/** What one topic has under way. */
export class Attempts {
  readonly #all = new Set<Attempt>();
  #waiting = 0;
  /** Made for the first who waits. */
  #changed: PromiseWithResolvers<void> | null = null;
  readonly #ledger: PartitionLedger;
  readonly #share: ByteShare;

  constructor(ledger: PartitionLedger, share: ByteShare) {
    this.#ledger = ledger;
    this.#share = share;
  }

  begin(attempt: Attempt): void {
    this.#all.add(attempt);
  }

  /** All that is left of it waits for evidence of whose fault it is: it keeps no other chunk from being sent, or from memory. */
  wait(attempt: Attempt): void {
    this.#setIdle(attempt, bytesOfAll(attempt.left));
    if (attempt.waits) return;
    attempt.waits = true;
    this.#waiting += 1;
    this.announce();
  }

  end(attempt: Attempt): void {
    this.#all.delete(attempt);
    this.#setIdle(attempt, 0);
    if (attempt.waits) this.#waiting -= 1;
    this.announce();
  }

  /** It holds less than before. */
  shrunk(attempt: Attempt): void {
    if (attempt.waits) this.#setIdle(attempt, bytesOfAll(attempt.left));
  }

  hasCurrent(attempt: Attempt): boolean {
    return attempt.left.some((record) => this.#isCurrent(attempt, record));
  }

  /** Lets go of what of it nobody asks for any more. */
  keepCurrent(attempt: Attempt): void {
    const { left } = attempt;
    if (left.every((record) => this.#isCurrent(attempt, record))) return;
    attempt.left = left.filter((record) => this.#isCurrent(attempt, record));
    this.#share.give(bytesOfAll(left) - bytesOfAll(attempt.left));
    this.shrunk(attempt);
  }

  #isCurrent({ windows }: Attempt, { partition }: SourceRecord): boolean {
    return this.#ledger.isCurrent(partition, windows.get(partition));
  }

  get all(): Iterable<Attempt> {
    return this.#all;
  }

  get count(): number {
    return this.#all.size;
  }

  /** Whether a request of one may be on its way. */
  get isUnderWay(): boolean {
    for (const { underWay } of this.#all) if (underWay) return true;
    return false;
  }

  /** Whether records of these partitions are under way that were not tried in vain yet. */
  isUnderWayOf(partitions: ReadonlySet<number>): boolean {
    for (const { windows, inVain } of this.#all)
      if (!inVain) for (const partition of windows.keys()) if (partitions.has(partition)) return true;
    return false;
  }

  /** Whether some of the partition are under way for what it was before. */
  isUnderWayVoid(partition: number): boolean {
    for (const { underWay, windows, left } of this.#all) {
      const sentIn = underWay ? windows.get(partition) : undefined;
      if (sentIn === undefined || this.#ledger.isCurrent(partition, sentIn)) continue;
      if (left.some((record) => record.partition === partition)) return true;
    }
    return false;
  }

  /** Those that wait for evidence, as far as they may. */
  get waiting(): number {
    return Math.min(this.#waiting, MAX_WAITING);
  }

  get mayWait(): boolean {
    return this.#waiting < MAX_WAITING;
  }

  /** Resolves with the next change. */
  get changed(): Promise<void> {
    return (this.#changed ??= Promise.withResolvers<void>()).promise;
  }

  announce(): void {
    this.#changed?.resolve();
    this.#changed = null;
  }

  #setIdle(attempt: Attempt, bytes: number): void {
    if (bytes === attempt.idleBytes) return;
    this.#share.idle(bytes - attempt.idleBytes);
    attempt.idleBytes = bytes;
  }
}
