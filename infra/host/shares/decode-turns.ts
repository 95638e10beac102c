export interface Decoding {
  /** Decodes one piece, if there is room for it. Never throws. */
  decodePiece(): void | Promise<void>;
}

/** Decodes one piece at a time per host, so that no more than one exists uncounted. */
export class DecodeTurns {
  #waiting: Decoding[] = [];
  #running = false;
  #onRound: () => void = () => {};

  /** A round is being decoded: more records follow in a moment. */
  get isUnderWay(): boolean {
    return this.#running;
  }

  /** Calls it at the end of every round. */
  onRound(tell: () => void): void {
    this.#onRound = tell;
  }

  enter(decoding: Decoding): void {
    this.#waiting.push(decoding);
    if (!this.#running) void this.#run();
  }

  /** Decodes something that is not for the pumps, in a turn of its own. @throws what `decode` throws */
  alone<T>(decode: () => Promise<T>): Promise<T> {
    return new Promise((resolve) => {
      this.enter({
        async decodePiece() {
          const decoding = decode();
          resolve(decoding);
          // An error is for who asked.
          await Promise.allSettled([decoding]);
        },
      });
    });
  }

  async #run(): Promise<void> {
    this.#running = true;
    // All parts of one answer enter together and form one round.
    await Promise.resolve();
    while (this.#running) {
      const due = this.#waiting;
      this.#waiting = [];
      for (const decoding of due) {
        const later = decoding.decodePiece();
        if (later !== undefined) await later;
      }
      this.#running = this.#waiting.length > 0;
      this.#onRound();
    }
  }
}
