/**
 * A partition's time with this host, from its assignment until it leaves us: generation and assignment as one token. Rebalances
 * that leave it here do not end it. What was fetched under it is committed under it, or not at all.
 */
export class Tenure {
  readonly topic: string;
  readonly partition: number;
  #ended = false;

  constructor(topic: string, partition: number) {
    this.topic = topic;
    this.partition = partition;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** For whoever gave it. */
  end(): void {
    this.#ended = true;
  }
}
