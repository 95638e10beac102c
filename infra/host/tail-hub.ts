import type { Specification } from "../../lib/rules/declaration.ts";
import type { OutcomeKind, SourceRecord } from "../../lib/rules/record.ts";
import type { PartitionStatus } from "../../lib/rules/status.ts";
import { recordText, type TailLine, tailLine } from "../../lib/rules/search/tail-line.ts";
import { createTextMatcher, type TextMatcher } from "../../lib/rules/search/text-query.ts";
import { type SendEvent, untilAborted } from "./http/event-stream.ts";

export interface TailRequest {
  /** At least one. */
  readonly topics: readonly string[];
  /** Any text; empty: everything. */
  readonly query: string;
}

/** Live tails: who wants to see what this host settles. */
export interface TailHub {
  /** To be called with every attempt's outcomes, null for what is tried again. Costs nothing where nobody looks. */
  tap(spec: Specification, records: readonly SourceRecord[], outcomes: readonly (OutcomeKind | null)[]): void;
  /** True: as many tails are open as may be. */
  readonly isFull: boolean;
  /** Sends to one reader until the signal aborts. @throws a fault of ours that ended it */
  follow(request: TailRequest, send: SendEvent, signal: AbortSignal): Promise<void>;
}

export interface TailHubDeps {
  /** What is known of a topic's partitions on this host; none where it does not run. */
  partitions(topic: string): readonly PartitionStatus[];
  /** Milliseconds; only differences count. */
  readonly now: () => number;
}

export const maxTails = 20;
export const maxTailTopics = 10;
export const tailLinesPerSecond = 200;
const FLUSH_MS = 250;
/** How often it is looked whether the partitions have changed hands. */
const FLUSHES_PER_HELLO = 4;

export function createTailHub(deps: TailHubDeps): TailHub {
  const tails = new Set<Tail>();
  const byTopic = new Map<string, Set<Tail>>();

  return {
    tap(spec, records, outcomes) {
      const readers = byTopic.get(spec.topic);
      if (readers === undefined) return;
      for (const tail of readers) {
        try {
          tail.take(spec, records, outcomes);
        } catch (error) {
          // A fault of ours ends that tail, and not the topic it looks at.
          tail.failed.abort(error);
        }
      }
    },
    get isFull() {
      return tails.size >= maxTails;
    },
    async follow({ topics, query }, send, signal) {
      const tail = createTail(createTextMatcher(query), send, deps.now);
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
      greet();
      const timer = setInterval(() => {
        tail.flush();
        flushes += 1;
        if (flushes % FLUSHES_PER_HELLO === 0) greet();
      }, FLUSH_MS);
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
  take(
    spec: Specification,
    records: readonly SourceRecord[],
    outcomes: readonly (OutcomeKind | null)[],
  ): void;
  flush(): void;
}

/**
 * One reader's lines. What is over the limit, or finds the reader behind, is counted: `sent` and `notShown` together
 * are all that matched.
 */
function createTail(matches: TextMatcher, send: SendEvent, now: () => number): Tail {
  let waiting: TailLine[] = [];
  let sent = 0;
  let notShown = 0;
  let toldNotShown = 0;
  let secondBegan = now();
  let inThisSecond = 0;

  const hasRoom = (): boolean => {
    if (now() - secondBegan >= 1_000) {
      secondBegan = now();
      inThisSecond = 0;
    }
    return inThisSecond < tailLinesPerSecond;
  };

  return {
    failed: new AbortController(),
    take(spec, records, outcomes) {
      for (const [position, record] of records.entries()) {
        const outcome = outcomes[position] ?? null;
        if (outcome === null) continue;
        const room = hasRoom();
        // Without a query a line that is not shown need not be read either.
        if (matches === null && !room) {
          notShown += 1;
          continue;
        }
        const text = recordText(record, spec.format);
        if (matches !== null && !matches(text)) continue;
        if (room) {
          waiting.push(tailLine(spec.topic, record, outcome, text));
          inThisSecond += 1;
        } else notShown += 1;
      }
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
