/** Releases side by side what an AsyncDisposableStack would release one after the other. */
export class Together {
  readonly #releases: (() => Promise<unknown>)[] = [];

  /** @returns `opened` */
  adopt<T>(opened: T, release: (opened: T) => Promise<unknown>): T {
    this.#releases.push(() => release(opened));
    return opened;
  }

  async release(): Promise<void> {
    await Promise.all(this.#releases.map((release) => release()));
  }
}
