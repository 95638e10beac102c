import { type Level, levelBySpelling } from "./log-level.ts";
import { isWord } from "./bytes.ts";

/** In capitals, anywhere a level can be. */
export const BARE = 1;
/** In capitals, after a time. */
export const TIMED = 2;
/** In capitals, before a colon. */
export const CAPITAL_COLON = 4;
/** In any case, before a colon and a space. */
export const COLON = 8;
/** In any case, alone in brackets or between bars, or after `level=`. */
export const FRAMED = 16;
/** In capitals, before a bracket: logrus' `INFO[0012]`. */
export const INDEXED = 32;
/** Not a level, but can precede one: a month or weekday before a time. */
export const CALENDAR = 64;
/** Can directly follow a time. */
export const ZONE = 128;
/** PHP's prefix of a level. */
export const PREFIX = 256;
/** Names of the level in logfmt. */
export const KEY = 512;

/**
 * The places where a spelling can only be a level: `[note]` is MySQL's level, but `Note: …` a sentence; `LOG:` is
 * Postgres' level, but `LOG` can be anything.
 */
const places: readonly (readonly [places: number, words: string])[] = [
  [
    BARE | TIMED | CAPITAL_COLON | COLON | FRAMED | INDEXED,
    "trace debug info warn warning error fatal critical",
  ],
  [BARE | TIMED | CAPITAL_COLON | FRAMED, "severe"],
  [TIMED | CAPITAL_COLON | FRAMED, "notice alert emerg emergency verbose dpanic"],
  [TIMED | CAPITAL_COLON | COLON | FRAMED, "crit panic"],
  [TIMED | COLON | FRAMED, "trce dbug information"],
  [TIMED | FRAMED, "err inf wrn dbg vrb ftl trc eror success crt informational"],
  [CAPITAL_COLON | FRAMED, "fine finer finest"],
  [CAPITAL_COLON, "log debug1 debug2 debug3 debug4 debug5"],
  [COLON | FRAMED, "fail"],
  [FRAMED, "note"],
  [INDEXED, "erro debu fata pani trac"],
  [CALENDAR, "jan feb mar apr may jun jul aug sep oct nov dec mon tue wed thu fri sat sun"],
  [ZONE, "utc gmt cet cest am pm"],
  [PREFIX, "php"],
  [KEY, "level lvl severity loglevel log_level log.level"],
];

/** A word to look for in bytes. */
export interface LevelWord {
  /** Lower case. */
  readonly bytes: Uint8Array;
  /** Null if it only precedes one. */
  readonly level: Level | null;
  readonly places: number;
}

const LONGEST_WORD = 13;
const SLOTS = 1_024;
const slots: LevelWord[][] = Array.from({ length: SLOTS }, () => []);
for (const [itsPlaces, words] of places) {
  for (const word of words.split(" ")) {
    const bytes = new TextEncoder().encode(word);
    const level = levelBySpelling.get(word) ?? null;
    slots[slotOf(bytes, 0, bytes.length)]?.push({ bytes, level, places: itsPlaces });
  }
}

/** The number of words per slot, mostly 0. */
const taken = Uint8Array.from(slots, (words) => words.length);

/** Hashes the length and the first and last letter, in any case. */
function slotOf(bytes: Uint8Array, start: number, end: number): number {
  const first = (bytes[start] ?? 0) & 0x1f;
  const last = (bytes[end - 1] ?? 0) & 0x1f;
  return (((first << 5) | last) ^ ((end - start) << 3)) & (SLOTS - 1);
}

/** The known word between two positions, in any case; null if there is none. */
export function levelWordAt(bytes: Uint8Array, start: number, end: number): LevelWord | null {
  if (end - start < 2 || end - start > LONGEST_WORD) return null;
  const slot = slotOf(bytes, start, end);
  if (taken[slot] === 0) return null;
  for (const word of slots[slot] ?? []) if (isWord(bytes, word.bytes, start, end)) return word;
  return null;
}
