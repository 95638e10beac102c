import { backoffMs } from "../../../rules/base/backoff.ts";
import { Waker } from "../../../rules/base/time.ts";
import { backlogAnswerBytes, tailPartBytes, takeTurn } from "../../../rules/fetch/lanes.ts";
import { Grouped, type Ask } from "../../../rules/fetch/session.ts";
import type { FetchAnswer } from "../protocol/wire.ts";
import { FETCH_BACKOFF, type LaneDeps } from "./lane-deps.ts";
import type { OpenRead, ReadAsk } from "./open-read.ts";

/** Waiting time if all partitions are at their end. A partition opened meanwhile waits this long. */
const POLL_MS = 20;
/** A large answer takes long on a slow line, so after a timeout less is requested. */
const SILENT_MS = 5_000;
/** Pause after a fetch returned nothing despite a backlog, because of a quota or a lagging follower. */
const NOTHING_MS = 50;
/** How long after an opening further ones are expected. */
const OPENING_MS = 100;
const SMALLEST_BYTES = 64 * 1024;

interface BacklogDeps extends LaneDeps {
  /** Hands it to the tail lane: from now on the leader may send it to another replica again. */
  readonly toTail: (read: OpenRead) => void;
}

/**
 * The fetches of one broker that do not long-poll: for lagging partitions, in turns and in large pieces, and for
 * partitions that were just opened or reached their end, until the tail lane has included them.
 */
export class BacklogLane {
  readonly #deps: BacklogDeps;
  readonly #waker: Waker;
  /** No answer yet. */
  readonly #opened = new Set<OpenRead>();
  /** Far behind. */
  readonly #behind = new Set<OpenRead>();
  /** Near their end, and not yet in the tail lane. */
  readonly #atEnd = new Set<OpenRead>();
  readonly ended: Promise<void>;
  #largest = backlogAnswerBytes;
  #failures = 0;
  #openedAtMs = -OPENING_MS;
  #closed = false;

  constructor(deps: BacklogDeps) {
    this.#deps = deps;
    this.#waker = new Waker(deps.time);
    this.ended = this.#run();
  }

  add(read: OpenRead): void {
    if (read.isNew) this.#openedAtMs = this.#deps.time.monotonicMs();
    this.#setOf(read).add(read);
    this.#waker.wake();
  }

  remove(read: OpenRead): void {
    this.#opened.delete(read);
    this.#behind.delete(read);
    this.#atEnd.delete(read);
  }

  /** Called when the tail lane has included it. */
  handOver(read: OpenRead): void {
    this.#atEnd.delete(read);
  }

  /** True if more openings are expected. */
  get isOpening(): boolean {
    return this.#deps.time.monotonicMs() - this.#openedAtMs < OPENING_MS;
  }

  close(): void {
    this.#closed = true;
    this.#waker.close();
  }

  #setOf(read: OpenRead): Set<OpenRead> {
    if (read.isNew) return this.#opened;
    return read.lane === "backlog" ? this.#behind : this.#atEnd;
  }

  async #run(): Promise<void> {
    while (!this.#closed) {
      const turn = this.#next();
      if (turn.asks.length === 0) {
        // Parking in `#next` may have left nothing to fetch.
        if (this.#opened.size + this.#behind.size + this.#atEnd.size === 0) await this.#waker.wait(null);
        continue;
      }
      try {
        await this.#fetch(turn);
        this.#failures = 0;
      } catch (error) {
        for (const { read, token } of turn.asks) if (read.token === token) this.#deps.again(read);
        await this.#failed(error);
      }
    }
  }

  /** Includes all opened partitions first: they cost little and wait for their first answer. */
  #next(): { readonly asks: readonly ReadAsk[]; readonly maxBytes: number; readonly waitMs: number } {
    const small = (read: OpenRead): number => (isDue(read) ? Math.min(read.askRoom(), tailPartBytes) : 0);
    const nowMs = this.#deps.time.monotonicMs();
    // No limit, because most return nothing, and the whole answer is limited anyway.
    const opened = takeTurn(this.#opened, small, Infinity);
    const atEnd = takeTurn(
      this.#atEnd,
      (read) => {
        if (read.leaderOnlyUntilMs > 0 && nowMs >= read.leaderOnlyUntilMs) this.#deps.toTail(read);
        return small(read);
      },
      Infinity,
    );
    const left = Math.max(SMALLEST_BYTES, this.#largest - opened.maxBytes);
    const behind = takeTurn(this.#behind, (read) => (isDue(read) ? read.askRoom() : 0), left);
    const asks = [...opened.asks, ...atEnd.asks, ...behind.asks].map(({ item, maxBytes }) => ({
      read: item,
      token: item.token,
      fetchOffset: item.offset,
      maxBytes,
    }));
    const waits = opened.asks.length + behind.asks.length === 0;
    const maxBytes = Math.min(this.#largest, opened.maxBytes + atEnd.maxBytes + behind.maxBytes);
    return { asks, maxBytes, waitMs: waits ? POLL_MS : 0 };
  }

  async #fetch({
    asks,
    maxBytes,
    waitMs,
  }: {
    readonly asks: readonly ReadAsk[];
    readonly maxBytes: number;
    readonly waitMs: number;
  }): Promise<void> {
    const { node, wire, rack, time, signal, again } = this.#deps;
    const nowMs = time.monotonicMs();
    const asked = new Map<string, Map<number, ReadAsk>>();
    const topics = new Grouped<Ask & { readonly partition: number }>();
    for (const ask of asks) {
      const { topic, partition } = ask.read;
      topics.add(topic, { partition, fetchOffset: ask.fetchOffset, maxBytes: ask.maxBytes });
      asked.getOrInsertComputed(topic, () => new Map()).set(partition, ask);
    }
    const leaderOnly = asks.some(({ read }) => nowMs < read.leaderOnlyUntilMs);
    const request = {
      maxWaitMs: waitMs,
      minBytes: 1,
      maxBytes,
      sessionId: 0,
      sessionEpoch: -1,
      // With a rack, the leader would redirect us to the other broker again.
      rack: leaderOnly ? "" : rack,
      topics: topics.list,
      forgotten: [],
    };
    const answer = await wire.call(node, "Fetch", request, { lane: "backlog", timeoutMs: SILENT_MS, signal });
    if (this.#closed) return;
    this.#largest = Math.min(backlogAnswerBytes, this.#largest * 2);
    const bytes = this.#take(answer, asked);
    // Partitions that did not fit into the answer or were left out, for example because of a quota.
    let left = 0;
    for (const { read, token } of asks) {
      if (read.token !== token || read.phase !== "ready" || this.#holds(read)) continue;
      if (read.lane === "backlog") left += 1;
      again(read);
    }
    if (bytes === 0 && left > 0) await this.#waker.pause(NOTHING_MS);
  }

  #take({ topics }: FetchAnswer, asked: ReadonlyMap<string, ReadonlyMap<number, ReadAsk>>): number {
    let bytes = 0;
    for (const { topic, partitions } of topics) {
      for (const fetched of partitions) {
        const ask = asked.get(topic)?.get(fetched.partition);
        if (ask !== undefined) bytes += this.#deps.take(ask, fetched);
      }
    }
    return bytes;
  }

  #holds(read: OpenRead): boolean {
    return this.#opened.has(read) || this.#behind.has(read) || this.#atEnd.has(read);
  }

  async #failed(error: unknown): Promise<void> {
    if (this.#closed) return;
    const { node, wire, time, onFailed } = this.#deps;
    this.#largest = Math.max(SMALLEST_BYTES, this.#largest / 2);
    wire.cut(node, "backlog");
    this.#failures += 1;
    onFailed(error);
    await this.#waker.pause(backoffMs(FETCH_BACKOFF, this.#failures, time.random()));
  }
}

function isDue(read: OpenRead): boolean {
  return read.phase === "ready";
}
