import { hostStopping, PenstockError } from "../../../../lib/rules/base/errors.ts";

/** Answers that somebody waits for. The stop of the host ends them, and waits until they have ended. */
export class UnderWay {
  readonly #life = new AbortController();
  readonly #all = new Set<Promise<unknown>>();

  /** Aborted when the host stops. */
  get signal(): AbortSignal {
    return this.#life.signal;
  }

  async add<T>(work: Promise<T>): Promise<T> {
    this.#all.add(work);
    try {
      return await work;
    } finally {
      this.#all.delete(work);
    }
  }

  /**
   * @param signal aborted if the client disconnects
   * @param tooLate why there is no answer after `limitMs`
   * @throws PenstockError `deadline_exceeded`, `stopping` if the host stops first, and what `work` throws
   */
  async within<T>(
    limitMs: number,
    signal: AbortSignal,
    tooLate: string,
    work: (until: AbortSignal) => Promise<T>,
  ): Promise<T> {
    this.signal.throwIfAborted();
    const late = AbortSignal.timeout(limitMs);
    try {
      return await this.add(work(AbortSignal.any([this.signal, signal, late])));
    } catch (cause) {
      this.signal.throwIfAborted();
      if (!late.aborted) throw cause;
      throw new PenstockError("deadline_exceeded", tooLate, { retryable: true, cause });
    }
  }

  async stop(): Promise<void> {
    this.#life.abort(hostStopping());
    await Promise.allSettled(this.#all);
  }
}
