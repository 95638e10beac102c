/** The outcome of one bulk item, as sent to the host. */
export type ItemVerdict = "created" | "duplicate" | "rejected" | "retryable";

/** A commit beyond the outcomes known when it was sent. */
export interface EarlyCommit {
  readonly topic: string;
  readonly partition: number;
  /** The committed offset: everything below it should have an outcome. */
  readonly committed: number;
  /** Everything below this one has an outcome. */
  readonly acknowledged: number;
}

/** The offsets of a topic's partitions with an outcome that some host has received. */
export class AcknowledgedOffsets {
  readonly #partitions = new Map<string, { prefix: number; beyond: Set<number> }>();
  readonly early: EarlyCommit[] = [];
  created = 0;
  /** Answers of 409: the document existed already. */
  duplicates = 0;
  commits = 0;
  /** Offsets that Elasticsearch refused permanently, by `topic/partition`. */
  readonly #rejected = new Map<string, Set<number>>();

  note(topic: string, partition: number, offset: number, verdict: ItemVerdict): void {
    if (verdict === "retryable") return;
    if (verdict === "created") this.created += 1;
    else if (verdict === "duplicate") this.duplicates += 1;
    else this.#rejectedIn(topic, partition).add(offset);
    const entry = this.#entry(topic, partition);
    if (offset < entry.prefix) return;
    entry.beyond.add(offset);
    while (entry.beyond.delete(entry.prefix)) entry.prefix += 1;
  }

  /** Every offset below it has an outcome. */
  prefix(topic: string, partition: number): number {
    return this.#entry(topic, partition).prefix;
  }

  has(topic: string, partition: number, offset: number): boolean {
    const { prefix, beyond } = this.#entry(topic, partition);
    return offset < prefix || beyond.has(offset);
  }

  /** The number of permanently refused offsets below the given one. */
  rejectedBelow(topic: string, partition: number, below: number): number {
    return [...this.#rejectedIn(topic, partition)].filter((offset) => offset < below).length;
  }

  /** A snapshot of the offsets with an outcome. */
  copy(): AcknowledgedOffsets {
    const copy = new AcknowledgedOffsets();
    for (const [name, { prefix, beyond }] of this.#partitions) {
      copy.#partitions.set(name, { prefix, beyond: new Set(beyond) });
    }
    return copy;
  }

  /** The number of offsets with an outcome. */
  get total(): number {
    let total = 0;
    for (const { prefix, beyond } of this.#partitions.values()) total += prefix + beyond.size;
    return total;
  }

  /** A commit was sent to Kafka, or found there. */
  committed(topic: string, partition: number, offset: number): void {
    this.commits += 1;
    const acknowledged = this.prefix(topic, partition);
    if (offset > acknowledged) this.early.push({ topic, partition, committed: offset, acknowledged });
  }

  #rejectedIn(topic: string, partition: number): Set<number> {
    const name = `${topic}/${partition}`;
    let offsets = this.#rejected.get(name);
    if (offsets === undefined) this.#rejected.set(name, (offsets = new Set()));
    return offsets;
  }

  #entry(topic: string, partition: number): { prefix: number; beyond: Set<number> } {
    const name = `${topic}/${partition}`;
    let entry = this.#partitions.get(name);
    if (entry === undefined) {
      entry = { prefix: 0, beyond: new Set() };
      this.#partitions.set(name, entry);
    }
    return entry;
  }
}
