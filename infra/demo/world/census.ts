/** The offsets of one partition, from `start` up to, but not including, `end`. */
export interface Span {
  readonly partition: number;
  readonly start: number;
  readonly end: number;
}

/** How many documents have this offset. */
export interface Position {
  readonly partition: number;
  readonly offset: number;
  readonly documents: number;
}

/** The result of a comparison. `exact`: every offset has exactly one document, and every document an offset. */
export interface Census {
  readonly offsets: number;
  readonly documents: number;
  /** Offsets without a document. */
  readonly missing: number;
  /** Surplus documents. */
  readonly doubled: number;
  /** Documents whose offset is not in Kafka. */
  readonly strays: number;
  readonly exact: boolean;
}

/**
 * Compares the offsets that Kafka contained at one moment with the documents found later. Offsets from the end of a span on are
 * newer than that moment, and ignored.
 */
export function compareCensus(spans: readonly Span[], positions: readonly Position[]): Census {
  const spanOf = new Map(spans.map((span) => [span.partition, span]));
  const offsets = spans.reduce((sum, { start, end }) => sum + end - start, 0);
  const found = new Map<string, number>();
  let strays = 0;
  for (const { partition, offset, documents } of positions) {
    const span = spanOf.get(partition);
    if (span === undefined || offset < span.start) {
      strays += documents;
    } else if (offset < span.end) {
      const key = `${partition}:${offset}`;
      found.set(key, (found.get(key) ?? 0) + documents);
    }
  }
  const documents = [...found.values()].reduce((sum, count) => sum + count, 0);
  const missing = offsets - found.size;
  const doubled = documents - found.size;
  return { offsets, documents, missing, doubled, strays, exact: missing + doubled + strays === 0 };
}
