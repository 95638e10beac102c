/** One chunk of records that is tried until each has an outcome. */
export interface Attempt {
  /**
   * All that is left of it waits for evidence of whose fault it is: it keeps no other chunk from being sent, or from memory.
   * @param bytes what it holds
   */
  wait(bytes: number): void;
  end(): void;
}

/** So many chunks may wait beside those that are counted: what they hold stays small where everything is refused. */
const MAX_WAITING = 8;

/** What one topic has under way. */
export class Attempts {
  #count = 0;
  #waiting = 0;
  /** Of a generation that is over: they are about to end. */
  #outdated = 0;
  #changed = Promise.withResolvers<void>();
  readonly #onIdle: (bytes: number) => void;

  /** @param onIdle told by how many bytes what waits came to hold more; negative: less */
  constructor(onIdle: (bytes: number) => void) {
    this.#onIdle = onIdle;
  }

  /** @param generation ends with the assignment */
  begin(generation: AbortSignal): Attempt {
    let waits = false;
    let idle = 0;
    const setIdle = (bytes: number): void => {
      if (bytes === idle) return;
      this.#onIdle(bytes - idle);
      idle = bytes;
    };
    this.#count += 1;
    return {
      wait: (bytes) => {
        setIdle(bytes);
        if (waits) return;
        waits = true;
        this.#waiting += 1;
        this.#announce();
      },
      end: () => {
        setIdle(0);
        this.#count -= 1;
        if (waits) this.#waiting -= 1;
        if (generation.aborted) this.#outdated -= 1;
        this.#announce();
      },
    };
  }

  /** The generation of all that is under way is over. */
  outdate(): void {
    this.#outdated = this.#count;
  }

  get count(): number {
    return this.#count;
  }

  /** Some: what is read again must not be sent before they have ended, or it would be done twice. */
  get outdated(): number {
    return this.#outdated;
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
    return this.#changed.promise;
  }

  #announce(): void {
    const { resolve } = this.#changed;
    this.#changed = Promise.withResolvers<void>();
    resolve();
  }
}
