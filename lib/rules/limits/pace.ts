/**
 * Limits the bulk requests in flight. Halved when Elasticsearch refuses work (429), and raised by one after as many good
 * responses as there are places, up to the configured limit: additive increase, multiplicative decrease, like TCP
 * (RFC 5681, section 3.1).
 */
export interface BulkPace {
  readonly places: number;
  /** The configured limit. */
  readonly maxPlaces: number;
  /** Good responses since the last change. */
  readonly good: number;
  /** The number of times it was halved. Responses to requests of an earlier round do not count again. */
  readonly round: number;
}

/** `busy` is a 429 for the request or an item; `good` means no reason to retry. */
export type BulkLoad = "good" | "busy";

export function fullPace(maxPlaces: number): BulkPace {
  return { places: maxPlaces, maxPlaces, good: 0, round: 0 };
}

/** @param sentIn the round the request was sent in */
export function paceAfter(pace: BulkPace, load: BulkLoad, sentIn: number): BulkPace {
  if (load === "busy") {
    // Requests that were in flight together report the same overload.
    if (sentIn < pace.round) return pace;
    return { ...pace, places: Math.max(1, Math.floor(pace.places / 2)), good: 0, round: pace.round + 1 };
  }
  if (pace.places >= pace.maxPlaces) return pace;
  if (pace.good + 1 < pace.places) return { ...pace, good: pace.good + 1 };
  return { ...pace, places: pace.places + 1, good: 0 };
}

/** The same pace under another limit: full stays full, halved stays halved. */
export function boundedPace(pace: BulkPace, maxPlaces: number): BulkPace {
  const full = pace.places >= pace.maxPlaces;
  return { ...pace, maxPlaces, places: full ? maxPlaces : Math.min(pace.places, maxPlaces) };
}
