/** What the host's own topics need of Elasticsearch. */
export interface LiveLoad {
  /** Records not committed yet, of all topics. */
  readonly lag: number;
  /** Records that the bulks in flight hold at most. */
  readonly inFlight: number;
  /** Elasticsearch has refused work (429), so there are fewer places for bulks than configured. */
  readonly isRefused: boolean;
}

/** The share of the time that a rebuild's bulk takes while the topics need Elasticsearch: one part of so many. */
const share = 10;
/** A bulk that Elasticsearch answered late must not end the rebuild. */
const maxRestMs = 10_000;

/** More lag than bulks in flight explain means that records wait. */
export function isLoaded({ lag, inFlight, isRefused }: LiveLoad): boolean {
  return isRefused || lag > inFlight;
}

/**
 * How long a rebuild rests after a bulk. It never stops for good, or a topic that is always behind could not be rebuilt.
 * @param lastMs how long its last bulk took
 * @param refused how often Elasticsearch refused its bulks in a row (429)
 */
export function restMs(lastMs: number, load: LiveLoad, refused: number): number {
  const rest = isLoaded(load) ? lastMs * (share - 1) : 0;
  const retreat = refused === 0 ? 0 : 250 * 2 ** Math.min(refused, 6);
  return Math.min(maxRestMs, Math.max(rest, retreat));
}
