interface PartitionClock {
  committed: number | null;
  /** Null: not known yet. */
  caughtUp: boolean | null;
  progressAt: number;
}

/**
 * When each partition of one topic last progressed. It outlives assignments and consumers: a partition that a rebalance
 * or a fresh consumer gives back where it stood has not progressed, however often that happens.
 */
export class ProgressClock {
  readonly #partitions = new Map<number, PartitionClock>();
  #lastCommitMs: number | null = null;

  /** When anything of the topic was last committed from here, in milliseconds since the epoch; null: never. */
  get lastCommitMs(): number | null {
    return this.#lastCommitMs;
  }

  /** Milliseconds since the epoch of the last progress, or of lag becoming > 0; null: the partition was never ours. */
  progressAt(partition: number): number | null {
    return this.#partitions.get(partition)?.progressAt ?? null;
  }

  /** It is ours, and the group stands there; where somebody read on meanwhile, or nothing waited, it begins anew. */
  assigned(partition: number, committed: number | null, now: number): void {
    const known = this.#partitions.get(partition);
    if (known?.committed === committed && known.caughtUp !== true) return;
    this.#partitions.set(partition, { committed, caughtUp: null, progressAt: now });
  }

  /** @param lag as known now; null: it is not */
  observed(partition: number, lag: number | null, now: number): void {
    const clock = this.#partitions.get(partition);
    if (clock === undefined || lag === null) return;
    if (clock.caughtUp === true && lag > 0) clock.progressAt = now;
    clock.caughtUp = lag === 0;
  }

  committed(partition: number, offset: number, now: number): void {
    this.#lastCommitMs = now;
    const clock = this.#partitions.get(partition);
    if (clock === undefined)
      this.#partitions.set(partition, { committed: offset, caughtUp: null, progressAt: now });
    else {
      clock.committed = offset;
      clock.caughtUp = null;
      clock.progressAt = now;
    }
  }
}
