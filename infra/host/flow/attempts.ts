import { bytesOfAll } from "../../../lib/adapters/kafka/source-record.ts";
import type { SourceRecord } from "../../../lib/rules/record.ts";
import type { Time } from "../../../lib/rules/time.ts";
import type { Windows } from "./partition-ledger.ts";

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
  readonly #onIdle: (bytes: number) => void;

  /** @param onIdle told by how many bytes what waits came to hold more; negative: less */
  constructor(onIdle: (bytes: number) => void) {
    this.#onIdle = onIdle;
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
    this.#onIdle(bytes - attempt.idleBytes);
    attempt.idleBytes = bytes;
  }
}
