import { backoffMs } from "../../../rules/base/backoff.ts";
import { Company, restMs } from "../../../rules/fetch/company.ts";
import { tailAnswerBytes, tailPartBytes } from "../../../rules/fetch/lanes.ts";
import { Waker } from "../../../rules/base/time.ts";
import { FetchSession } from "../../../rules/fetch/session.ts";
import type { FetchAnswer } from "../protocol/wire.ts";
import { FETCH_BACKOFF, type LaneDeps } from "./lane-deps.ts";
import type { OpenRead, ReadAsk } from "./open-read.ts";

/** The duration of a long poll without records. */
const POLL_MS = 500;
/** While partitions are being opened, so that the next poll includes them soon. */
const POLL_WHILE_OPENING_MS = 50;
/** Timeout on top of the poll; a silent broker loses its leaderships after some seconds. */
const SILENT_MS = 3_000;
/** How long the next fetch waits for the sinks, to avoid removing partitions and adding them again. */
const WORK_UP_MS = 5;

interface TailAsk extends ReadAsk {
  /** The first request of this lane that contained it. */
  readonly since: number;
}

interface TailDeps extends LaneDeps {
  /** True while partitions are being opened, which will soon come here. */
  readonly isOpening: () => boolean;
  /** Called when a partition is added to the next request. */
  readonly onTaken: (read: OpenRead) => void;
}

/** The long poll of one broker: fetches all partitions near their end, in one fetch session. */
export class TailLane {
  readonly #deps: TailDeps;
  readonly #session = new FetchSession<TailAsk>();
  readonly #waker: Waker;
  readonly #company = new Company();
  /** Partitions to add to the session or update in it. */
  readonly #due = new Set<OpenRead>();
  /** Partitions of the last answer that are still being processed. */
  readonly #working = new Set<OpenRead>();
  readonly ended: Promise<void>;
  #polling = false;
  #requests = 0;
  #failures = 0;
  #answered: { readonly request: number; readonly atMs: number } | null = null;
  #closed = false;

  constructor(deps: TailDeps) {
    this.#deps = deps;
    this.#waker = new Waker(deps.time);
    this.ended = this.#run();
  }

  /** Includes it in the next request, if its sink has room by then. */
  add(read: OpenRead): void {
    this.#due.add(read);
    this.#workedUp(read);
    this.#waker.wake();
  }

  remove(read: OpenRead): void {
    this.#due.delete(read);
    this.#session.drop(read.topic, read.partition);
  }

  /** Removes it for good: it is closed, or continues elsewhere. */
  leave(read: OpenRead): void {
    this.remove(read);
    this.#workedUp(read);
  }

  /** True if it must wait for the running long poll to end before it is fetched. */
  keepsWaiting({ topic, partition, token, offset }: OpenRead): boolean {
    if (!this.#polling) return false;
    const ask = this.#session.unchanged(topic, partition);
    return ask === null || ask.token !== token || ask.fetchOffset !== offset;
  }

  /** When an answer last confirmed its position without naming it (unchanged in the session). */
  heardAtMs({ topic, partition, token }: OpenRead): number | null {
    const ask = this.#session.unchanged(topic, partition);
    if (ask === null || ask.token !== token || this.#answered === null) return null;
    return this.#answered.request >= ask.since ? this.#answered.atMs : null;
  }

  close(): void {
    this.#closed = true;
    this.#waker.close();
  }

  #workedUp(read: OpenRead): void {
    if (this.#working.delete(read) && this.#working.size === 0) this.#waker.wake();
  }

  async #run(): Promise<void> {
    while (!this.#closed) {
      this.#takeIn();
      if (this.#session.size === 0) {
        await this.#waker.wait(null);
        continue;
      }
      let bytes: number;
      try {
        bytes = await this.#fetch();
        this.#failures = 0;
      } catch (error) {
        await this.#failed(error);
        continue;
      }
      const { time } = this.#deps;
      const rest = restMs(this.#company.busy(time.monotonicMs()), bytes);
      if (rest > 0) await this.#waker.pause(rest);
      await this.#untilWorkedUp();
    }
  }

  /** Loops, because the waker is also used for other reasons. */
  async #untilWorkedUp(): Promise<void> {
    const until = this.#deps.time.monotonicMs() + WORK_UP_MS;
    for (let left = WORK_UP_MS; this.#working.size > 0 && left > 0 && !this.#closed;) {
      await this.#waker.wait(left);
      left = until - this.#deps.time.monotonicMs();
    }
    this.#working.clear();
  }

  #takeIn(): void {
    for (const read of this.#due) {
      if (read.phase !== "ready") continue;
      const room = read.askRoom();
      this.#deps.onTaken(read);
      if (room === 0) {
        this.#session.drop(read.topic, read.partition);
        continue;
      }
      const { topic, partition, offset, token } = read;
      const maxBytes = Math.min(room, tailPartBytes);
      const since = this.#requests + 1;
      this.#session.want(topic, partition, { read, token, fetchOffset: offset, maxBytes, since });
    }
    this.#due.clear();
  }

  /** @returns the number of bytes received */
  async #fetch(): Promise<number> {
    const { node, wire, rack, signal, isOpening } = this.#deps;
    this.#requests += 1;
    const request = {
      maxWaitMs: isOpening() ? POLL_WHILE_OPENING_MS : POLL_MS,
      minBytes: 1,
      maxBytes: tailAnswerBytes,
      rack,
      ...this.#session.next(),
    };
    this.#polling = true;
    const call = wire.call(node, "Fetch", request, { lane: "tail", timeoutMs: SILENT_MS, signal });
    const answer = await call.finally(() => (this.#polling = false));
    if (this.#closed || !this.#session.answered(answer.error, answer.sessionId)) return 0;
    const atMs = this.#deps.time.now();
    if (this.#session.isOpen) this.#answered = { request: this.#requests, atMs };
    return this.#take(answer);
  }

  #take({ topics }: FetchAnswer): number {
    const nowMs = this.#deps.time.monotonicMs();
    let bytes = 0;
    for (const { topic, partitions } of topics) {
      for (const fetched of partitions) {
        const ask = this.#session.asked(topic, fetched.partition);
        if (ask === null) continue;
        const came = this.#deps.take(ask, fetched);
        if (came === 0) {
          if (ask.read.lane === "backlog") this.#deps.again(ask.read);
          continue;
        }
        bytes += came;
        this.#company.note(ask.read, nowMs);
        if (ask.read.phase === "working") this.#working.add(ask.read);
      }
    }
    return bytes;
  }

  async #failed(error: unknown): Promise<void> {
    this.#session.lost();
    this.#answered = null;
    if (this.#closed) return;
    const { node, wire, time, onFailed } = this.#deps;
    wire.cut(node, "tail");
    this.#failures += 1;
    onFailed(error);
    await this.#waker.pause(backoffMs(FETCH_BACKOFF, this.#failures, time.random()));
  }
}
