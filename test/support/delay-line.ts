interface Waiting {
  readonly atMs: number;
  readonly act: () => void;
}

/** Acts later, and keeps the order even if the delay becomes shorter. */
export class DelayLine {
  readonly #waiting: Waiting[] = [];

  constructor(private readonly delayMs: () => number) {}

  /** Acts at once if there is no delay and nothing waits. */
  push(act: () => void): void {
    const delayMs = this.delayMs();
    if (delayMs === 0 && this.#waiting.length === 0) return act();
    const last = this.#waiting.at(-1)?.atMs ?? 0;
    this.#waiting.push({ atMs: Math.max(last, performance.now() + delayMs), act });
    if (this.#waiting.length === 1) this.#arm();
  }

  #arm(): void {
    const next = this.#waiting[0];
    if (next === undefined) return;
    setTimeout(
      () => {
        // Removed only after it acted, so that nothing overtakes it.
        next.act();
        this.#waiting.shift();
        this.#arm();
      },
      Math.max(0, next.atMs - performance.now()),
    );
  }
}
