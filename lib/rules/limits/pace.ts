/**
 * How many bulk requests may be in flight. Halved when Elasticsearch refuses work (429) and raised by one after as many
 * good answers as there are places, up to what is configured: additive increase, multiplicative decrease, as TCP does
 * (RFC 5681, section 3.1).
 */
export interface BulkPace {
  readonly places: number;
  /** What is configured. */
  readonly maxPlaces: number;
  /** Good answers since the last change. */
  readonly good: number;
  /** Counts the times it was halved: answers to what was sent before are about the pace of then. */
  readonly round: number;
}

/** What an answer says about the pace: `busy`, a 429 of the request or of an item; `good`, no reason to try again. */
export type BulkLoad = "good" | "busy";

export function fullPace(maxPlaces: number): BulkPace {
  return { places: maxPlaces, maxPlaces, good: 0, round: 0 };
}

/** @param sentIn the round the request was sent in */
export function paceAfter(pace: BulkPace, load: BulkLoad, sentIn: number): BulkPace {
  if (load === "busy") {
    // Those that were in flight together report one and the same crowd.
    if (sentIn < pace.round) return pace;
    return { ...pace, places: Math.max(1, Math.floor(pace.places / 2)), good: 0, round: pace.round + 1 };
  }
  if (pace.places >= pace.maxPlaces) return pace;
  if (pace.good + 1 < pace.places) return { ...pace, good: pace.good + 1 };
  return { ...pace, places: pace.places + 1, good: 0 };
}

/** The same pace under another bound: full stays full, halved stays halved. */
export function boundedPace(pace: BulkPace, maxPlaces: number): BulkPace {
  const full = pace.places >= pace.maxPlaces;
  return { ...pace, maxPlaces, places: full ? maxPlaces : Math.min(pace.places, maxPlaces) };
}
