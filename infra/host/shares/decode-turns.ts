/** Who has something to decode. */
export interface Decoding {
  /** Decodes one piece, if there is room for it. Never throws. */
  decodePiece(): void | Promise<void>;
}

/** Turns at decoding: one piece at a time in a host, so that no more than one is ever there without being counted. */
export class DecodeTurns {
  #waiting: Decoding[] = [];
  #running = false;
  #onRound: () => void = () => {};

  /** What came together is being decoded: more of it is due in a moment. */
  get isUnderWay(): boolean {
    return this.#running;
  }

  /** Calls it whenever each that waited had its turn. */
  onRound(tell: () => void): void {
    this.#onRound = tell;
  }

  /** Its turn comes, once, after all that wait. */
  enter(decoding: Decoding): void {
    this.#waiting.push(decoding);
    if (!this.#running) void this.#run();
  }

  async #run(): Promise<void> {
    this.#running = true;
    // All parts of one answer enter together, and are one round.
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
