/** The offsets one partition holds: from `start` up to, not including, `end`. */
export interface Span {
  readonly partition: number;
  readonly start: number;
  readonly end: number;
}

/** How many documents name one offset as theirs. */
export interface Position {
  readonly partition: number;
  readonly offset: number;
  readonly documents: number;
}

/** What a comparison found; `exact` only if every offset has exactly one document and no document lacks its offset. */
export interface Census {
  readonly offsets: number;
  readonly documents: number;
  /** Offsets without a document. */
  readonly missing: number;
  /** Documents too many. */
  readonly doubled: number;
  /** Documents whose offset Kafka does not have. */
  readonly strays: number;
  readonly exact: boolean;
}

/**
 * Compares what Kafka held at a moment with the documents found after it. Offsets from a span's end on are newer than that
 * moment and count neither way.
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
