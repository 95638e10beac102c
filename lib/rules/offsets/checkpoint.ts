/**
 * The last record before a committed offset. Kept in the commit's metadata, it tells a log that was created again under
 * the same name from the one committed to, once its offsets have outgrown the old position.
 */
export interface Checkpoint {
  readonly offset: number;
  /** Milliseconds since the epoch, as the record says; -1 where it has none. */
  readonly timestamp: number;
}

/** A commit's metadata: `{"lastRecord":{"offset":41,"timestamp":1764000000000}}`. */
export function checkpointMetadata({ offset, timestamp }: Checkpoint): string {
  return JSON.stringify({ lastRecord: { offset, timestamp } });
}

/** @returns null where the metadata holds none: it is somebody else's, or a commit without a record before it */
export function parseCheckpoint(metadata: string | null): Checkpoint | null {
  if (metadata === null || !metadata.startsWith('{"lastRecord":')) return null;
  const match = /^\{"lastRecord":\{"offset":(\d{1,16}),"timestamp":(-?\d{1,16})\}\}$/.exec(metadata);
  return match === null ? null : { offset: Number(match[1]), timestamp: Number(match[2]) };
}
