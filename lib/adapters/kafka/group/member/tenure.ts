/**
 * One partition's time with this host, from its assignment until it is given up or lost. Rebalances that leave the
 * partition here do not end it. What was fetched under a tenure is committed under it or not at all.
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

  /** Called only by the group member. */
  end(): void {
    this.#ended = true;
  }
}
