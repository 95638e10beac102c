import type { TailHello, TailLine, TailLines } from "../../api/logs.ts";
import type { SendEvent } from "../http/kit/event-stream.ts";
import { tailLinesPerSecond } from "../services/tail-hub.ts";

/** One live tail, put together from those of several hosts. */
export interface MergedTail {
  hello(host: string, hello: TailHello): void;
  lines(host: string, lines: TailLines): void;
  /** Its partitions are not shown, for this reason. */
  missing(host: string, reason: string): void;
  /** It has none of the partitions any more. */
  gone(host: string): void;
}

interface Source {
  readonly topics: TailHello["topics"];
  /** Of its current stream. */
  readonly notShown: number;
  readonly reason: string | null;
}

const NOTHING: Source = { topics: {}, notShown: 0, reason: null };

/** Together, hosts may send as many lines a second as one alone; the others are counted. */
export function createMergedTail(send: SendEvent, monotonicMs: () => number): MergedTail {
  const sources = new Map<string, Source>();
  let [sent, notShown, told] = [0, 0, ""];
  let [secondBegan, inThisSecond] = [monotonicMs(), 0];

  const greet = (): void => {
    const hello = helloOf(sources);
    const text = JSON.stringify(hello);
    if (text !== told && send("hello", hello)) told = text;
  };
  const withinLimit = (lines: readonly TailLine[]): readonly TailLine[] => {
    if (monotonicMs() - secondBegan >= 1_000) [secondBegan, inThisSecond] = [monotonicMs(), 0];
    const kept = lines.slice(0, tailLinesPerSecond - inThisSecond);
    inThisSecond += kept.length;
    return kept;
  };
  const change = (host: string, changes: Partial<Source>): void => {
    sources.set(host, { ...(sources.get(host) ?? NOTHING), ...changes });
  };

  return {
    hello(host, { topics }) {
      change(host, { topics, reason: null });
      greet();
    },
    lines(host, told) {
      const before = sources.get(host)?.notShown ?? 0;
      change(host, { notShown: told.notShown });
      const lines = withinLimit(told.lines);
      // A stream that was opened again counts from zero.
      notShown += told.notShown < before ? told.notShown : told.notShown - before;
      notShown += told.lines.length - lines.length;
      if (send("lines", { lines, sent: sent + lines.length, notShown })) sent += lines.length;
      else notShown += lines.length;
    },
    missing(host, reason) {
      change(host, { ...NOTHING, reason });
      greet();
    },
    gone(host) {
      if (sources.delete(host)) greet();
    },
  };
}

function helloOf(sources: ReadonlyMap<string, Source>): TailHello {
  const topics = new Map<string, { owned: readonly number[]; partitions: number }>();
  for (const { topics: ofHost } of sources.values())
    for (const [topic, { owned, partitions }] of Object.entries(ofHost)) {
      const known = topics.get(topic) ?? { owned: [], partitions: 0 };
      topics.set(topic, {
        owned: [...new Set([...known.owned, ...owned])].sort((a, b) => a - b),
        partitions: Math.max(known.partitions, partitions),
      });
    }
  const missing = [...sources].flatMap(([host, { reason }]) => (reason === null ? [] : [{ host, reason }]));
  return { topics: Object.fromEntries(topics), missing };
}
