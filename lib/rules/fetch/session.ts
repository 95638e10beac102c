/** The request for one partition. */
export interface Ask {
  readonly fetchOffset: number;
  readonly maxBytes: number;
}

/** Grouped by topic, as in Kafka's requests. */
export interface InTopic<P> {
  readonly topic: string;
  readonly partitions: readonly P[];
}

/** The part of a Fetch request that is about the session. */
export interface SessionRequest {
  readonly sessionId: number;
  readonly sessionEpoch: number;
  readonly topics: readonly InTopic<Ask & { readonly partition: number }>[];
  readonly forgotten: readonly InTopic<number>[];
}

interface Entry<A extends Ask> {
  readonly topic: string;
  readonly partition: number;
  wanted: A | null;
  /** The broker's view if the last request reached it. */
  asked: A | null;
}

const LAST_EPOCH = 2 ** 31 - 1;

/**
 * One incremental fetch session with one broker (KIP-227). The broker remembers earlier requests, so a new one names
 * only the changes. The cost on our side also depends on the changes, not on the number of partitions.
 *
 * Follows Kafka's own client and broker, `FetchSessionHandler.java` and `FetchSession.scala`. One request at a time:
 * call `next`, then `answered` or `lost`.
 */
export class FetchSession<A extends Ask = Ask> {
  readonly #topics = new Map<string, Map<number, Entry<A>>>();
  /** The wanted partitions in the order of a full request: a broker fills its answer in that order. */
  readonly #wanted = new Set<Entry<A>>();
  /** Partitions that the next request may have to name. */
  readonly #changed = new Set<Entry<A>>();
  #id = 0;
  /** The epoch of the next request; 0 means a full request for a new session. */
  #epoch = 0;

  /** How many partitions are wanted. */
  get size(): number {
    return this.#wanted.size;
  }

  /** Whether the broker keeps a session. Without one, each request is a full one and asks for a session again. */
  get isOpen(): boolean {
    return this.#epoch > 0;
  }

  /** Takes effect with the next request. */
  want(topic: string, partition: number, ask: A): void {
    const entry = this.#entry(topic, partition);
    entry.wanted = ask;
    this.#wanted.add(entry);
    this.#changed.add(entry);
  }

  /** Takes effect with the next request. If the partition is wanted again, it comes last in the order. */
  drop(topic: string, partition: number): void {
    const entry = this.#topics.get(topic)?.get(partition);
    if (entry === undefined || entry.wanted === null) return;
    entry.wanted = null;
    this.#wanted.delete(entry);
    this.#changed.add(entry);
  }

  /** The partition's ask in the last request, explicitly or through the session; null if none. */
  asked(topic: string, partition: number): A | null {
    return this.#topics.get(topic)?.get(partition)?.asked ?? null;
  }

  /** The partition's ask if the last request already contained it; null if it changed or is not wanted. */
  unchanged(topic: string, partition: number): A | null {
    const entry = this.#topics.get(topic)?.get(partition);
    return entry !== undefined && entry.wanted === entry.asked ? entry.wanted : null;
  }

  next(): SessionRequest {
    return this.#epoch === 0 ? this.#full() : this.#incremental();
  }

  /**
   * @param error of the answer as a whole
   * @param sessionId of the answer
   * @returns whether the answer's partitions are valid
   */
  answered(error: string | null, sessionId: number): boolean {
    if (error !== null) {
      // If the broker still knows the session (INVALID_FETCH_SESSION_EPOCH), the next request closes it:
      // `nextCloseExistingAttemptNew`.
      this.#id = error === "FETCH_SESSION_ID_NOT_FOUND" ? 0 : this.#id;
      this.#epoch = 0;
      return false;
    }
    // The broker had no free slot, or closed the session because nothing was left in it.
    if (sessionId === 0) this.#id = this.#epoch = 0;
    else if (this.#epoch === 0) [this.#id, this.#epoch] = [sessionId, 1];
    else this.#epoch = nextEpoch(this.#epoch);
    return true;
  }

  /** No answer came, so the broker may or may not have processed the request. The next one starts a new session. */
  lost(): void {
    this.#epoch = 0;
  }

  #entry(topic: string, partition: number): Entry<A> {
    const partitions = this.#topics.getOrInsertComputed(topic, () => new Map<number, Entry<A>>());
    return partitions.getOrInsertComputed(partition, () => ({ topic, partition, wanted: null, asked: null }));
  }

  #full(): SessionRequest {
    for (const entry of this.#changed) if (entry.wanted === null) this.#remove(entry);
    this.#changed.clear();
    const topics = new Grouped<Ask & { readonly partition: number }>();
    for (const entry of this.#wanted) {
      entry.asked = entry.wanted;
      if (entry.wanted !== null) topics.add(entry.topic, askOf(entry.partition, entry.wanted));
    }
    return { sessionId: this.#id, sessionEpoch: 0, topics: topics.list, forgotten: [] };
  }

  #incremental(): SessionRequest {
    const topics = new Grouped<Ask & { readonly partition: number }>();
    const forgotten = new Grouped<number>();
    for (const entry of this.#changed) {
      const { topic, partition, wanted, asked } = entry;
      entry.asked = wanted;
      if (wanted === null) {
        this.#remove(entry);
        if (asked !== null) forgotten.add(topic, partition);
      } else if (asked?.fetchOffset !== wanted.fetchOffset || asked.maxBytes !== wanted.maxBytes) {
        topics.add(topic, askOf(partition, wanted));
      }
    }
    this.#changed.clear();
    return {
      sessionId: this.#id,
      sessionEpoch: this.#epoch,
      topics: topics.list,
      forgotten: forgotten.list,
    };
  }

  #remove({ topic, partition }: Entry<A>): void {
    const partitions = this.#topics.get(topic);
    partitions?.delete(partition);
    if (partitions?.size === 0) this.#topics.delete(topic);
  }
}

/** Groups items by topic. */
export class Grouped<P> {
  readonly #byTopic = new Map<string, P[]>();
  readonly list: { readonly topic: string; readonly partitions: P[] }[] = [];

  add(topic: string, item: P): void {
    const known = this.#byTopic.get(topic);
    if (known !== undefined) {
      known.push(item);
      return;
    }
    const partitions = [item];
    this.#byTopic.set(topic, partitions);
    this.list.push({ topic, partitions });
  }
}

/** `FetchMetadata.java`: 0 would ask for a new session. */
export function nextEpoch(epoch: number): number {
  return epoch === LAST_EPOCH ? 1 : epoch + 1;
}

function askOf(partition: number, { fetchOffset, maxBytes }: Ask): Ask & { readonly partition: number } {
  return { partition, fetchOffset, maxBytes };
}
