/**
 * The last record before a committed offset. It is stored in the commit's metadata, so that a topic recreated under the same
 * name is recognized even after its offsets have passed the old position.
 */
export interface Checkpoint {
  readonly offset: number;
  /** The record's own timestamp in milliseconds since the epoch; -1 if it has none. */
  readonly timestamp: number;
}

/** A commit's metadata: `{"lastRecord":{"offset":41,"timestamp":1764000000000}}`. */
export function checkpointMetadata({ offset, timestamp }: Checkpoint): string {
  return JSON.stringify({ lastRecord: { offset, timestamp } });
}

/** @returns null if the metadata contains none: another program wrote it, or no record preceded the commit */
export function parseCheckpoint(metadata: string | null): Checkpoint | null {
  if (metadata === null || !metadata.startsWith('{"lastRecord":')) return null;
  const match = /^\{"lastRecord":\{"offset":(\d{1,16}),"timestamp":(-?\d{1,16})\}\}$/.exec(metadata);
  return match === null ? null : { offset: Number(match[1]), timestamp: Number(match[2]) };
}
