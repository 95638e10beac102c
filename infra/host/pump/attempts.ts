import { bytesOfAll } from "../../../lib/adapters/kafka/queries/source-record.ts";
import type { SourceRecord } from "../../../lib/rules/model/record.ts";
import type { Trouble } from "../../../lib/rules/progress/stall.ts";
import type { Doubt } from "../../../lib/rules/offsets/doubts.ts";
import type { Time } from "../../../lib/rules/base/time.ts";
import type { ByteShare } from "../shares/byte-budget.ts";
import type { PartitionLedger, Windows } from "../ledger/partition-ledger.ts";

/** At most this many chunks wait outside the concurrency limit: bounds their memory if everything is refused. */
const MAX_WAITING = 8;

/** One chunk of records, tried until each record has an outcome or is void. */
export class Attempt {
  left: readonly SourceRecord[];
  /** The windows of their partitions when they were sent. */
  readonly windows: Windows;
  /** A request with these records may be on its way: nothing else may send them. */
  underWay = true;
  /** Which of its records may have been sent before, as of the next try. */
  doubt: Doubt | null = null;
  /** The tries that left records without an outcome; null: none did. */
  refused: Trouble | null = null;
  /** All that is left waits for evidence. */
  waits = false;
  idleBytes = 0;
  #wake: (() => void) | null = null;

  constructor(left: readonly SourceRecord[], windows: Windows) {
    this.left = left;
    this.windows = windows;
  }

  /** At least one try left records without an outcome. */
  get inVain(): boolean {
    return this.refused !== null;
  }

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

export class Attempts {
  readonly #all = new Set<Attempt>();
  #waiting = 0;
  /** Created when something first waits for a change. */
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

  /** Its records wait for evidence of whose fault the refusal is. Until then it takes no place and no memory. */
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

  shrunk(attempt: Attempt): void {
    if (attempt.waits) this.#setIdle(attempt, bytesOfAll(attempt.left));
  }

  hasCurrent(attempt: Attempt): boolean {
    return attempt.left.some((record) => this.#isCurrent(attempt, record));
  }

  /** Whether all of its records still belong to this host and are not read again. */
  isCurrent({ windows, left }: Attempt): boolean {
    let isSame = true;
    for (const [partition, window] of windows) isSame &&= this.#ledger.isCurrent(partition, window);
    // Others of their partition may have an outcome already.
    return isSame || left.every(({ partition }) => this.#ledger.isCurrent(partition, windows.get(partition)));
  }

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

  /** What those tell together that were tried in vain; null: none was. */
  get refused(): Trouble | null {
    let first: Trouble | null = null;
    let attempts = 0;
    for (const attempt of this.#all) {
      const { refused } = attempt;
      if (refused === null || !this.hasCurrent(attempt)) continue;
      attempts += refused.attempts;
      if (first === null || refused.sinceMs < first.sinceMs) first = refused;
    }
    return first === null ? null : { ...first, attempts };
  }

  get count(): number {
    return this.#all.size;
  }

  get isUnderWay(): boolean {
    for (const { underWay } of this.#all) if (underWay) return true;
    return false;
  }

  /** Whether records of these partitions are under way for the first time. */
  isUnderWayOf(partitions: ReadonlySet<number>): boolean {
    for (const { windows, inVain } of this.#all)
      if (!inVain) for (const partition of windows.keys()) if (partitions.has(partition)) return true;
    return false;
  }

  /** Whether void records of the partition, sent under a former window, are still on their way. */
  isUnderWayVoid(partition: number): boolean {
    for (const { underWay, windows, left } of this.#all) {
      const sentIn = underWay ? windows.get(partition) : undefined;
      if (sentIn === undefined || this.#ledger.isCurrent(partition, sentIn)) continue;
      if (left.some((record) => record.partition === partition)) return true;
    }
    return false;
  }

  /** How many wait for evidence, up to the limit. */
  get waiting(): number {
    return Math.min(this.#waiting, MAX_WAITING);
  }

  get mayWait(): boolean {
    return this.#waiting < MAX_WAITING;
  }

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
