import { mappingOf } from "../json/object.ts";
import { marksAsJson, parseMarks, type Marks } from "./marks.ts";

/**
 * The last record before a committed offset. It is stored in the commit's metadata, so that a topic recreated under the same
 * name is recognized even after its offsets have passed the old position.
 */
export interface Checkpoint {
  readonly offset: number;
  /** The record's own timestamp in milliseconds since the epoch; -1 if it has none. */
  readonly timestamp: number;
}

/** What a commit says beside its offset. */
export interface CommitNote {
  /** Null if no record preceded the commit, or none is known. */
  readonly last: Checkpoint | null;
  /**
   * Where records were sent to: an index as declared, a data stream, or the index behind an alias. After a crash,
   * records beyond the commit may be there, wherever they go by then. Several with commas between them, the current one
   * last, while former ones may hold such records, too. Null if unknown.
   */
  readonly place: string | null;
  /** Null if the position is one that was read up to, from the log's start on. */
  readonly marks: Marks | null;
}

/**
 * A commit's metadata: `{"lastRecord":{"offset":41,"timestamp":1764000000000},"place":"app-{yyyy.MM.dd}"}`, at most
 * 4,096 bytes.
 */
export function commitMetadata(
  { last, place, marks = null }: Omit<CommitNote, "marks"> & { readonly marks?: Marks | null },
  committed = 0,
): string | null {
  if (last === null && place === null && marks === null) return null;
  return JSON.stringify({
    ...(last !== null && { lastRecord: { offset: last.offset, timestamp: last.timestamp } }),
    ...(place !== null && { place }),
    ...(marks !== null && { marks: marksAsJson(marks, committed) }),
  });
}

const noteForm =
  /^\{(?:"lastRecord":\{"offset":(\d{1,16}),"timestamp":(-?\d{1,16})\},?)?(?:"place":"([^"\\]{1,3000})",?)?(?:"marks":(\{[^{}]{0,1000}\}))?\}$/;

/** Older versions wrote no place. @returns nulls if another program wrote the metadata */
export function parseCommitNote(metadata: string | null): CommitNote {
  const match = metadata?.startsWith("{") === true ? noteForm.exec(metadata) : null;
  const [, offset, timestamp, place, marks] = match ?? [];
  return {
    last: offset === undefined ? null : { offset: Number(offset), timestamp: Number(timestamp) },
    place: place ?? null,
    marks: marks === undefined ? null : marksIn(marks),
  };
}

function marksIn(text: string): Marks | null {
  try {
    return parseMarks(mappingOf(JSON.parse(text)));
  } catch {
    // Another program's: `{"place":"a","marks":{x}}`.
    return null;
  }
}

/** The places in a note's `place`. No name of an index contains a comma. */
export function placesIn(place: string | null): readonly string[] {
  return place?.split(",") ?? [];
}

/** In one note. Only crash after crash, with another target each time, makes more. */
const MOST_PLACES = 8;

/** The `place` of a note whose records may also be in former places: those, and the current ones last. */
export function withFormerPlaces(former: Iterable<string>, current: string): string {
  const own = placesIn(current);
  return [...new Set(former).difference(new Set(own)), ...own].slice(-MOST_PLACES).join(",");
}
