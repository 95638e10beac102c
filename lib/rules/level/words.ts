import { type Level, levelBySpelling } from "./log-level.ts";
import { isWord } from "./bytes.ts";

/** In capitals, wherever a level may stand. */
export const BARE = 1;
/** In capitals, behind a time. */
export const TIMED = 2;
/** In capitals, with a colon behind it. */
export const CAPITAL_COLON = 4;
/** In any case, with a colon and a space behind it. */
export const COLON = 8;
/** In any case, alone in brackets or between bars, or behind `level=`. */
export const FRAMED = 16;
/** In capitals, with a bracket behind it: logrus' `INFO[0012]`. */
export const INDEXED = 32;
/** No level, but what may go before one: a month or a day, in front of a time. */
export const CALENDAR = 64;
/** What may stand right behind a time. */
export const ZONE = 128;
/** What PHP puts before a level. */
export const PREFIX = 256;
/** The names that logfmt has for the level. */
export const KEY = 512;

/**
 * Where in a line a spelling is a level and nothing else: `[note]` is MySQL's level and `Note: …` a sentence, `LOG:` is
 * Postgres' and `LOG` anything.
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

/** A word as it is looked for in bytes. */
export interface LevelWord {
  /** Lower case. */
  readonly bytes: Uint8Array;
  /** Null: it only goes before one. */
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

/** By slot: how many words there are. Most have none. */
const taken = Uint8Array.from(slots, (words) => words.length);

/** By length, first and last letter, whatever their case. */
function slotOf(bytes: Uint8Array, start: number, end: number): number {
  const first = (bytes[start] ?? 0) & 0x1f;
  const last = (bytes[end - 1] ?? 0) & 0x1f;
  return (((first << 5) | last) ^ ((end - start) << 3)) & (SLOTS - 1);
}

/** The word that stands between two positions, in any case; null: none of those above. */
export function levelWordAt(bytes: Uint8Array, start: number, end: number): LevelWord | null {
  if (end - start < 2 || end - start > LONGEST_WORD) return null;
  const slot = slotOf(bytes, start, end);
  if (taken[slot] === 0) return null;
  for (const word of slots[slot] ?? []) if (isWord(bytes, word.bytes, start, end)) return word;
  return null;
}
