import type { ThrottledLogger } from "../../../lib/adapters/log/log-throttle.ts";
import type { Specification } from "../../../lib/rules/model/declaration.ts";
import { createDocumentEncoder } from "../../../lib/rules/documents/document.ts";
import { messageOf } from "../../../lib/rules/base/errors.ts";
import type { OutcomeKind, SourceRecord } from "../../../lib/rules/model/record.ts";
import type { PartitionStatus } from "../../../lib/rules/progress/status.ts";
import {
  type RecordText,
  recordText,
  type TailLine,
  tailLine,
} from "../../../lib/rules/search/hits/tail-line.ts";
import { createMatcher, type Matcher } from "../../../lib/rules/search/grammar/match.ts";
import type { Query } from "../../../lib/rules/search/grammar/query.ts";
import { createFairLines } from "./fair-lines.ts";
import { type SendEvent, untilAborted } from "../http/kit/event-stream.ts";

export interface TailRequest {
  /** At least one. */
  readonly topics: readonly string[];
  /** Null: everything. */
  readonly query: Query | null;
}

/** Live tails of the records this host processes. */
export interface TailHub {
  /**
   * Call it with the outcomes of every attempt, null for records to be retried. Never throws, and costs nothing without
   * a tail. With one, the records are read later, off the caller's path, for at most `tapBudgetMs`, or `tapLimitMs` for
   * the first 64 KiB; the rest is counted as not shown, as are records that a query has no verdict on.
   */
  tap(spec: Specification, records: readonly SourceRecord[], outcomes: readonly (OutcomeKind | null)[]): void;
  /** Sends to one reader until the signal aborts. @throws the bug that ended it */
  follow(request: TailRequest, send: SendEvent, signal: AbortSignal): Promise<void>;
}

export interface TailHubDeps {
  /** The topic's partitions as this host knows them; empty if it does not run the topic. */
  partitions(topic: string): readonly PartitionStatus[];
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Monotonic clock, in milliseconds. */
  readonly monotonicMs: () => number;
  /** Calls it after the current task and all pending microtasks. */
  later(act: () => void): void;
  readonly failures: Pick<ThrottledLogger, "error">;
}

/** Limit that callers of `follow` must keep. */
export const maxTails = 20;
export const tailLinesPerSecond = 200;
/** Time spent on one batch for all tails together. Nothing else on the host runs meanwhile. */
export const tapBudgetMs = 5;
/** This much of a batch has more time: on a busy machine 5 ms may pass without any progress of ours. */
const TAP_FLOOR_BYTES = 65_536;
/**
 * Where even that takes longer, for its many tails or their long queries, the host has other things to do. It is a fuse:
 * queries are bounded, a group misses its members after several seconds, and a busy machine shows all of a small batch.
 */
export const tapLimitMs = 1_000;
const FLUSH_MS = 250;
/** Interval of checks whether partitions moved to another host. */
const FLUSHES_PER_HELLO = 4;

export function createTailHub(deps: TailHubDeps): TailHub {
  const byTopic = new Map<string, Set<Tail>>();

  const look = (
    spec: Specification,
    records: readonly SourceRecord[],
    outcomes: readonly (OutcomeKind | null)[],
  ): void => {
    const { topic } = spec;
    const readers = byTopic.get(topic);
    if (readers === undefined) return;
    const encode = createDocumentEncoder(spec);
    const beganMs = deps.monotonicMs();
    let isLate = false;
    let bytes = 0;
    for (const [position, record] of records.entries()) {
      const outcome = outcomes[position] ?? null;
      if (outcome === null) continue;
      bytes += record.value?.byteLength ?? 0;
      const settled = new SettledRecord(topic, record, outcome, () => recordText(record, encode));
      for (const tail of readers) {
        isLate ||= deps.monotonicMs() - beganMs >= (bytes > TAP_FLOOR_BYTES ? tapBudgetMs : tapLimitMs);
        if (isLate) tail.leaveOut();
        else endsWithFault(tail, () => tail.take(settled));
      }
    }
  };

  return {
    tap(spec, records, outcomes) {
      if (!byTopic.has(spec.topic)) return;
      deps.later(() => {
        try {
          look(spec, records, outcomes);
        } catch (error) {
          const fields = { topic: spec.topic, reason: "tail_fault", error: messageOf(error) };
          deps.failures.error("the live tails failed: a batch was not shown", fields);
        }
      });
    },
    async follow({ topics, query }, send, signal) {
      const tail = createTail(createMatcher(query, deps.now()), send, deps.monotonicMs);
      for (const topic of topics) {
        const readers = byTopic.get(topic) ?? new Set();
        byTopic.set(topic, readers.add(tail));
      }
      let told = "";
      let flushes = 0;
      const greet = (): void => {
        const hello = helloOf(topics, deps);
        const text = JSON.stringify(hello);
        if (text !== told && send("hello", hello)) told = text;
      };
      endsWithFault(tail, greet);
      const timer = setInterval(
        () =>
          endsWithFault(tail, () => {
            tail.flush();
            flushes += 1;
            if (flushes % FLUSHES_PER_HELLO === 0) greet();
          }),
        FLUSH_MS,
      );
      await untilAborted(AbortSignal.any([signal, tail.failed.signal]));
      clearInterval(timer);
      for (const topic of topics) {
        const readers = byTopic.get(topic);
        readers?.delete(tail);
        if (readers?.size === 0) byTopic.delete(topic);
      }
      tail.failed.signal.throwIfAborted();
    },
  };
}

/** The partitions a tail can show; other hosts process the others. */
function helloOf(topics: readonly string[], deps: TailHubDeps): object {
  const entries = topics.map((topic) => {
    const known = deps.partitions(topic);
    const owned = known.filter((entry) => entry.owned).map(({ partition }) => partition);
    return [topic, { owned, partitions: known.length }] as const;
  });
  return { topics: Object.fromEntries(entries) };
}

interface Tail {
  /** Aborted with the error. */
  readonly failed: AbortController;
  take(settled: SettledRecord): void;
  /** Counts a record that there was no time to read. */
  leaveOut(): void;
  flush(): void;
}

/** A bug ends the affected tail, but neither its topic nor the process. */
function endsWithFault(tail: Tail, act: () => void): void {
  if (tail.failed.signal.aborted) return;
  try {
    act();
  } catch (error) {
    tail.failed.abort(error);
  }
}

/** The text of one record, computed on first use and shared by all tails. */
class SettledRecord {
  readonly #topic: string;
  readonly #record: SourceRecord;
  readonly #outcome: OutcomeKind;
  readonly #read: () => RecordText;
  #text: RecordText | null = null;
  #line: TailLine | null = null;

  constructor(topic: string, record: SourceRecord, outcome: OutcomeKind, read: () => RecordText) {
    this.#topic = topic;
    this.#record = record;
    this.#outcome = outcome;
    this.#read = read;
  }

  get text(): RecordText {
    return (this.#text ??= this.#read());
  }

  get partition(): string {
    return `${this.#topic}/${this.#record.partition}`;
  }

  get line(): TailLine {
    return (this.#line ??= tailLine(this.#topic, this.#record, this.#outcome, this.text.line));
  }
}

/** Partitions come in batches, and so would their lines. */
function byTime(a: TailLine, b: TailLine): number {
  const [one, other] = [a.timestamp ?? "", b.timestamp ?? ""];
  return one < other ? -1 : one > other ? 1 : 0;
}

/**
 * The lines of one reader. Lines above the rate limit, lines a slow reader has no room for, records there was no time to
 * read, and those that are too much for its query are counted: `sent` plus `notShown` is everything that matched or was
 * not compared.
 */
function createTail(matches: Matcher, send: SendEvent, monotonicMs: () => number): Tail {
  const waiting = createFairLines<TailLine>(2 * tailLinesPerSecond);
  let sent = 0;
  let notShown = 0;
  let toldNotShown = 0;
  /** What may be sent now; grows with time, up to a second's worth. */
  let allowed = tailLinesPerSecond;
  let allowedAt = monotonicMs();

  const allowance = (): number => {
    const now = monotonicMs();
    const more = ((now - allowedAt) * tailLinesPerSecond) / 1_000;
    allowedAt = now;
    allowed = Math.min(tailLinesPerSecond, allowed + more);
    return Math.floor(allowed);
  };

  return {
    failed: new AbortController(),
    take(settled) {
      // Without a query, a line that is not shown does not have to be read.
      const isMatch = matches === null || matches(settled.text);
      if (isMatch === false) return;
      if (isMatch === null || !waiting.add(settled.partition, () => settled.line)) notShown += 1;
    },
    leaveOut() {
      notShown += 1;
    },
    flush() {
      const { size } = waiting;
      if (size === 0 && notShown === toldNotShown) return;
      const lines = waiting.take(allowance()).toSorted(byTime);
      notShown += size - lines.length;
      allowed -= lines.length;
      if (send("lines", { lines, sent: sent + lines.length, notShown })) {
        sent += lines.length;
        toldNotShown = notShown;
      } else notShown += lines.length;
    },
  };
}
