import type { TailHello, TailLine, TailLines } from "../../../../api/logs.ts";

/** A line of the tail; null marks a gap where the stream was interrupted. */
export interface TailEntry {
  /** Increasing and unique. */
  readonly key: number;
  readonly line: TailLine | null;
}

/**
 * A live tail on the page. Every line the host sent was shown, held or dropped; together with the lines the host left out,
 * these are all matches.
 */
export interface TailBuffer {
  readonly paused: boolean;
  /** On the page, newest last. */
  readonly entries: readonly TailEntry[];
  /** Received while paused, newest last. */
  readonly held: readonly TailEntry[];
  /** Lines that were shown, including those removed again. */
  readonly shown: number;
  /** Left out by the host, above its limit of lines per second. */
  readonly overLimit: number;
  /** Received while paused with a full buffer. */
  readonly dropped: number;
  readonly partitions: TailHello["topics"];
  readonly missing: NonNullable<TailHello["missing"]>;
  /** Of the current stream. */
  readonly stream: { readonly sent: number; readonly notShown: number };
  readonly nextKey: number;
}

/** As many as a page of 3,000 elements has room for. */
export const keptLines = 900;

export const emptyTail: TailBuffer = {
  paused: false,
  entries: [],
  held: [],
  shown: 0,
  overLimit: 0,
  dropped: 0,
  partitions: {},
  missing: [],
  stream: { sent: 0, notShown: 0 },
  nextKey: 0,
};

export function withHello(tail: TailBuffer, { topics, missing = [] }: TailHello): TailBuffer {
  return { ...tail, partitions: topics, missing };
}

export function withLines(tail: TailBuffer, { lines, sent, notShown }: TailLines): TailBuffer {
  // A reopened stream counts from zero.
  const isNew = sent - lines.length !== tail.stream.sent || notShown < tail.stream.notShown;
  const added: (TailLine | null)[] = isNew && tail.nextKey > 0 ? [null, ...lines] : [...lines];
  const entries = added.map((line, place): TailEntry => ({ key: tail.nextKey + place, line }));
  const next = {
    ...tail,
    overLimit: tail.overLimit + notShown - (isNew ? 0 : tail.stream.notShown),
    stream: { sent, notShown },
    nextKey: tail.nextKey + entries.length,
  };
  if (!tail.paused) return shownToo(next, entries);
  const held = [...tail.held, ...entries];
  const over = held.slice(0, Math.max(0, held.length - keptLines));
  return { ...next, held: held.slice(-keptLines), dropped: tail.dropped + linesIn(over) };
}

export function paused(tail: TailBuffer): TailBuffer {
  return { ...tail, paused: true };
}

/** Resumes: shows the held lines. */
export function resumed(tail: TailBuffer): TailBuffer {
  return { ...shownToo(tail, tail.held), paused: false, held: [] };
}

function shownToo(tail: TailBuffer, entries: readonly TailEntry[]): TailBuffer {
  return {
    ...tail,
    entries: [...tail.entries, ...entries].slice(-keptLines),
    shown: tail.shown + linesIn(entries),
  };
}

export function linesIn(entries: readonly TailEntry[]): number {
  return entries.filter(({ line }) => line !== null).length;
}

/** Topics with partitions that the tail lacks: of hosts that do not answer, or that nobody reads. */
export function partlyOwned({
  partitions,
}: TailBuffer): readonly (readonly [topic: string, sentence: string])[] {
  return Object.entries(partitions).flatMap(([topic, { owned, partitions: count }]) => {
    if (count > 0 && owned.length === count) return [];
    const sentence =
      count === 0
        ? "No host shows it now."
        : owned.length === 0
          ? `None of its ${count} partitions is shown.`
          : `Of its ${count} partitions, ${owned.join(", ")} ${owned.length === 1 ? "is" : "are"} shown.`;
    return [[topic, sentence] as const];
  });
}

const chunkLines = 50;

/** The chunk an entry belongs to; it never changes. */
export function chunkOf(entry: TailEntry | undefined): number {
  return Math.floor((entry?.key ?? 0) / chunkLines);
}

/** Splits the entries into chunks, so that adding and removing lines at the ends leaves the others untouched. */
export function chunksOf(entries: readonly TailEntry[]): readonly (readonly TailEntry[])[] {
  return [...Map.groupBy(entries, chunkOf).values()];
}
