/** Who has something to decode. */
export interface Decoding {
  /** Decodes one piece, if there is room for it. Never throws. */
  decodePiece(): Promise<void>;
}

/** Turns at decoding: one piece at a time in a host, so that no more than one is ever there without being counted. */
export class DecodeTurns {
  #waiting: Decoding[] = [];
  #running = false;

  /** Its turn comes, once, after all that wait. */
  enter(decoding: Decoding): void {
    this.#waiting.push(decoding);
    if (!this.#running) void this.#run();
  }

  async #run(): Promise<void> {
    this.#running = true;
    while (this.#waiting.length > 0) {
      const due = this.#waiting;
      this.#waiting = [];
      for (const decoding of due) await decoding.decodePiece();
    }
    this.#running = false;
  }
}
