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
import { createTextMatcher, type TextMatcher } from "../../../lib/rules/search/query/text-query.ts";
import { type SendEvent, untilAborted } from "../http/kit/event-stream.ts";

export interface TailRequest {
  /** At least one. */
  readonly topics: readonly string[];
  /** Any text; empty: everything. */
  readonly query: string;
}

/** Live tails: who wants to see what this host settles. */
export interface TailHub {
  /**
   * To be called with every attempt's outcomes, null for what is tried again. Never throws, and costs nothing where
   * nobody looks. Where somebody does, the records are looked at later, once whoever called has gone on, and for
   * `tapBudgetMs` at most, but for their first 64 KiB; the rest is counted as not shown.
   */
  tap(spec: Specification, records: readonly SourceRecord[], outcomes: readonly (OutcomeKind | null)[]): void;
  /** Sends to one reader until the signal aborts. @throws a fault of ours that ended it */
  follow(request: TailRequest, send: SendEvent, signal: AbortSignal): Promise<void>;
}

export interface TailHubDeps {
  /** What is known of a topic's partitions on this host; none where it does not run. */
  partitions(topic: string): readonly PartitionStatus[];
  /** Milliseconds of a clock that is never set. */
  readonly monotonicMs: () => number;
  /** Calls it once what runs now, and what waits for nothing but promises, has had its turn. */
  later(act: () => void): void;
  readonly failures: Pick<ThrottledLogger, "error">;
}

/** What whoever calls `follow` lets be open at once. */
export const maxTails = 20;
export const maxTailTopics = 10;
export const tailLinesPerSecond = 200;
/** How long one batch of one topic may be looked at, for all tails together: nothing else of the host runs meanwhile. */
export const tapBudgetMs = 5;
/** So much of a batch is looked at however long it takes: on a busy machine 5 ms may pass without a step of ours. */
const TAP_FLOOR_BYTES = 65_536;
const FLUSH_MS = 250;
/** How often it is looked whether the partitions have changed hands. */
const FLUSHES_PER_HELLO = 4;

export function createTailHub(deps: TailHubDeps): TailHub {
  const tails = new Set<Tail>();
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
        isLate ||= bytes > TAP_FLOOR_BYTES && deps.monotonicMs() - beganMs >= tapBudgetMs;
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
          deps.failures.error("a fault in the live tails: a batch was not shown", fields);
        }
      });
    },
    async follow({ topics, query }, send, signal) {
      const tail = createTail(createTextMatcher(query), send, deps.monotonicMs);
      tails.add(tail);
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
      tails.delete(tail);
      for (const topic of topics) {
        const readers = byTopic.get(topic);
        readers?.delete(tail);
        if (readers?.size === 0) byTopic.delete(topic);
      }
      tail.failed.signal.throwIfAborted();
    },
  };
}

/** Which partitions of its topics a tail can show: the others are settled by other hosts. */
function helloOf(topics: readonly string[], deps: TailHubDeps): object {
  const entries = topics.map((topic) => {
    const known = deps.partitions(topic);
    const owned = known.filter((entry) => entry.owned).map(({ partition }) => partition);
    return [topic, { owned, partitions: known.length }] as const;
  });
  return { topics: Object.fromEntries(entries) };
}

interface Tail {
  /** Aborted with what went wrong. */
  readonly failed: AbortController;
  take(settled: SettledRecord): void;
  /** Counts a record that nobody had the time to look at. */
  leaveOut(): void;
  flush(): void;
}

/** A fault of ours ends the tail that met it, and neither the topic it looks at nor the process. */
function endsWithFault(tail: Tail, act: () => void): void {
  if (tail.failed.signal.aborted) return;
  try {
    act();
  } catch (error) {
    tail.failed.abort(error);
  }
}

/** What one record says, worked out when the first tail asks, for all of them. */
class SettledRecord {
  readonly #topic: string;
  readonly #record: SourceRecord;
  readonly #outcome: OutcomeKind;
  readonly #read: () => RecordText;
  #text: RecordText | null = null;
  #folded: string | null = null;
  #line: TailLine | null = null;

  constructor(topic: string, record: SourceRecord, outcome: OutcomeKind, read: () => RecordText) {
    this.#topic = topic;
    this.#record = record;
    this.#outcome = outcome;
    this.#read = read;
  }

  get #all(): RecordText {
    return (this.#text ??= this.#read());
  }

  /** In lower case, for the matchers. */
  get folded(): string {
    return (this.#folded ??= this.#all.folded());
  }

  get line(): TailLine {
    return (this.#line ??= tailLine(this.#topic, this.#record, this.#outcome, this.#all.line));
  }
}

/**
 * One reader's lines. What is over the limit, or finds the reader behind, is counted, and so is what there was no time
 * to look at: `sent` and `notShown` together are all that matched or was not looked at.
 */
function createTail(matches: TextMatcher, send: SendEvent, monotonicMs: () => number): Tail {
  let waiting: TailLine[] = [];
  let sent = 0;
  let notShown = 0;
  let toldNotShown = 0;
  let secondBegan = monotonicMs();
  let inThisSecond = 0;

  const hasRoom = (): boolean => {
    if (monotonicMs() - secondBegan >= 1_000) {
      secondBegan = monotonicMs();
      inThisSecond = 0;
    }
    return inThisSecond < tailLinesPerSecond;
  };

  return {
    failed: new AbortController(),
    take(settled) {
      const room = hasRoom();
      // Without a query a line that is not shown need not be read either.
      if (matches !== null && !matches(settled.folded)) return;
      if (room) {
        waiting.push(settled.line);
        inThisSecond += 1;
      } else notShown += 1;
    },
    leaveOut() {
      notShown += 1;
    },
    flush() {
      if (waiting.length === 0 && notShown === toldNotShown) return;
      const lines = waiting;
      waiting = [];
      if (send("lines", { lines, sent: sent + lines.length, notShown })) {
        sent += lines.length;
        toldNotShown = notShown;
      } else notShown += lines.length;
    },
  };
}
