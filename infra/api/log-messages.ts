/**
 * What the host answers about logs, as JSON: `GET /logs`, `/logs/document` and the events of `/logs/tail`. Types only,
 * for the page; what the host builds must be assignable to them, which a test sees to.
 */

/** A piece of a line; true: it is what was looked for. */
export type LineSegment = readonly [text: string, found: boolean];

export interface LogHit {
  readonly id: string;
  readonly index: string;
  /** Null, like the next three, where the document does not say. */
  readonly topic: string | null;
  readonly partition: number | null;
  readonly offset: number | null;
  /** ISO 8601. */
  readonly timestamp: string | null;
  readonly line: readonly LineSegment[];
  /** True: the text goes on. */
  readonly cut: boolean;
  /** Of the whole text as UTF-8; null: not known. */
  readonly bytes: number | null;
  readonly tags: readonly string[];
  /** Fields that gave way: kept, and not searchable by their names. */
  readonly ignored: readonly string[];
}

export interface LogHistogram {
  readonly intervalMs: number;
  /** Those that are not empty, in order: when each begins, in milliseconds since the epoch, and how many it holds. */
  readonly bars: readonly (readonly [startMs: number, count: number])[];
}

export interface LogAnswer {
  /** ISO 8601, like `to` and `newest`. */
  readonly from: string;
  readonly to: string;
  readonly problems: readonly string[];
  readonly total: { readonly value: number; readonly exact: boolean };
  /** Newest first. */
  readonly hits: readonly LogHit[];
  /** Null: not asked for. */
  readonly histogram: LogHistogram | null;
  /** What `after` has to be for the next page; null: this is the last. */
  readonly next: string | null;
  /** Where nothing was found: when the newest one is from, whatever the time; null: there is none. */
  readonly newest: string | null;
}

export interface LogDocument {
  readonly index: string;
  readonly id: string;
  /** The source as it was written. */
  readonly raw: string;
  readonly bytes: number;
  /** Fields that gave way: kept, and not searchable by their names. */
  readonly ignored: readonly string[];
}

/** A record that the host has just settled. */
export interface TailLine {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** ISO 8601; null: none that can be told. */
  readonly timestamp: string | null;
  readonly outcome: string;
  readonly text: string;
  readonly cut: boolean;
  readonly bytes: number;
}

/** First, and again when partitions changed hands. */
export interface TailHello {
  readonly topics: Readonly<
    Record<string, { readonly owned: readonly number[]; readonly partitions: number }>
  >;
}

/** `sent` and `notShown` count from the beginning of the stream; together they are all that matched. */
export interface TailLines {
  readonly lines: readonly TailLine[];
  readonly sent: number;
  readonly notShown: number;
}
