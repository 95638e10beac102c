import { backoffMs } from "../../../rules/base/backoff.ts";
import { Waker } from "../../../rules/base/time.ts";
import { backlogAnswerBytes, tailPartBytes, takeTurn } from "../../../rules/fetch/lanes.ts";
import { Grouped, type Ask } from "../../../rules/fetch/session.ts";
import type { FetchAnswer } from "../protocol/wire.ts";
import { FETCH_BACKOFF, type LaneDeps } from "./lane-deps.ts";
import type { OpenRead, ReadAsk } from "./open-read.ts";

/** Where there is nothing to read but what comes in the moment. Another one that is opened waits so long. */
const POLL_MS = 20;
/** A large answer takes its time on a slow line: after a silence it is asked for less. */
const SILENT_MS = 5_000;
/** After a turn that brought nothing, though there is something: a quota, or a follower that is not as far. */
const NOTHING_MS = 50;
/** Partitions are opened one soon after the other. */
const OPENING_MS = 100;
const SMALLEST_BYTES = 64 * 1024;

interface BacklogDeps extends LaneDeps {
  /** The long poll is to take it in: the leader may send it elsewhere again. */
  readonly toTail: (read: OpenRead) => void;
}

/**
 * The fetches of one broker that do not wait: of what is far behind, in turns and in large pieces, and of what was just opened or
 * came to its end, until the long poll has taken it in.
 */
export class BacklogLane {
  readonly #deps: BacklogDeps;
  readonly #waker: Waker;
  /** Never answered. */
  readonly #opened = new Set<OpenRead>();
  /** Far behind. */
  readonly #behind = new Set<OpenRead>();
  /** Near their end, and not in the long poll yet. */
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

  /** The long poll has taken it in. */
  handOver(read: OpenRead): void {
    this.#atEnd.delete(read);
  }

  /** More may be opened in a moment. */
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
        // A park leaves nothing to ask for.
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

  /** What was opened comes first, and all of it: it costs little, and waits for its first answer. */
  #next(): { readonly asks: readonly ReadAsk[]; readonly maxBytes: number; readonly waitMs: number } {
    const small = (read: OpenRead): number => (isDue(read) ? Math.min(read.askRoom(), tailPartBytes) : 0);
    const nowMs = this.#deps.time.monotonicMs();
    // Of most of them nothing comes: the answer as a whole is bounded all the same.
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
      const partitions = asked.get(topic);
      if (partitions === undefined) asked.set(topic, new Map([[partition, ask]]));
      else partitions.set(partition, ask);
    }
    const leaderOnly = asks.some(({ read }) => nowMs < read.leaderOnlyUntilMs);
    const request = {
      maxWaitMs: waitMs,
      minBytes: 1,
      maxBytes,
      sessionId: 0,
      sessionEpoch: -1,
      // With a rack, the leader would send it to the other broker again.
      rack: leaderOnly ? "" : rack,
      topics: topics.list,
      forgotten: [],
    };
    const answer = await wire.call(node, "Fetch", request, { lane: "backlog", timeoutMs: SILENT_MS, signal });
    if (this.#closed) return;
    this.#largest = Math.min(backlogAnswerBytes, this.#largest * 2);
    const bytes = this.#take(answer, asked);
    // What the answer had no room for, or did not name, as where the broker holds back what we get.
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
