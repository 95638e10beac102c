interface PartitionClock {
  committed: number | null;
  /** Null: unknown. */
  caughtUp: boolean | null;
  progressAt: number;
}

/**
 * When each partition of one topic last progressed. Outlives assignments and pumps: a rebalance or a restart that
 * returns a partition at the same offset is not progress, however often it happens.
 */
export class ProgressClock {
  readonly #partitions = new Map<number, PartitionClock>();
  #lastCommitMs: number | null = null;

  /** When this host last committed any offset of the topic, in milliseconds since the epoch; null: never. */
  get lastCommitMs(): number | null {
    return this.#lastCommitMs;
  }

  /** Time of the last progress, or of lag becoming > 0, in milliseconds since the epoch; null: never owned. */
  progressAt(partition: number): number | null {
    return this.#partitions.get(partition)?.progressAt ?? null;
  }

  /** Starts a tenure. The clock restarts if another member moved the commit meanwhile or nothing was waiting. */
  assigned(partition: number, committed: number | null, now: number): void {
    const known = this.#partitions.get(partition);
    if (known?.committed === committed && known.caughtUp !== true) return;
    this.#partitions.set(partition, { committed, caughtUp: null, progressAt: now });
  }

  /** Reading begins again after a hold, during which no progress was due. */
  restart(now: number): void {
    for (const clock of this.#partitions.values()) clock.progressAt = now;
  }

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
