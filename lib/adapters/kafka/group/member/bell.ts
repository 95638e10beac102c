/** Wakes the one who waits; rung before, it does not wait. */
export class Bell {
  #rung = Promise.withResolvers<void>();

  ring(): void {
    this.#rung.resolve();
  }

  async wait(): Promise<void> {
    await this.#rung.promise;
    this.#rung = Promise.withResolvers<void>();
  }
}
