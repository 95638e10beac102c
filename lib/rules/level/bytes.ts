import type { Level } from "./log-level.ts";

export const ESCAPE = 0x1b;
export const SPACE = 0x20;
export const QUOTE = 0x22;
export const HASH = 0x23;
export const CLOSE_ROUND = 0x29;
export const STAR = 0x2a;
export const DASH = 0x2d;
export const DOT = 0x2e;
export const SLASH = 0x2f;
export const COLON_SIGN = 0x3a;
export const EQUALS = 0x3d;
export const OPEN = 0x5b;
export const CLOSE = 0x5d;
export const BAR = 0x7c;

/** Kinds of bytes, as bits of `kinds`. */
export const LETTER = 1;
export const DIGIT = 2;
/** Separates tokens. */
export const GAP = 4;
/** A token that has nothing else is skipped. */
export const MARK = 8;
/** Separators within a time. */
export const CLOCK = 16;
export const kinds = new Uint8Array(256);
for (let at = 0; at < 26; at += 1) kinds[0x41 + at] = kinds[0x61 + at] = LETTER;
for (let at = 0; at < 10; at += 1) kinds[0x30 + at] = DIGIT;
for (const byte of Buffer.from(" \t,|]\x1b")) kinds[byte] = GAP;
for (const byte of Buffer.from("*#.+~()=>")) kinds[byte] = MARK;
for (const byte of Buffer.from("-:/")) kinds[byte] = MARK | CLOCK;

const klogLevels = new Map<number, Level>([
  [0x49, "info"],
  [0x57, "warn"],
  [0x45, "error"],
  [0x46, "fatal"],
]);
export const letterLevels = new Map<number, Level>([
  ...klogLevels,
  [0x44, "debug"],
  [0x4e, "info"],
  [0x43, "fatal"],
]);

export function isCapital(line: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at += 1) if (((line[at] ?? 0) & 0x20) !== 0) return false;
  return end > start;
}

/** @param word in lower case */
export function isWord(line: Uint8Array, word: Uint8Array, start: number, end: number): boolean {
  if (word.length !== end - start) return false;
  for (let at = 0; at < word.length; at += 1) if (((line[start + at] ?? 0) | 0x20) !== word[at]) return false;
  return true;
}

export function afterLetters(line: Uint8Array, start: number): number {
  let at = start;
  while (kinds[line[at] ?? 0] === LETTER) at += 1;
  return at;
}

export function afterSpaces(line: Uint8Array, start: number): number {
  let at = start;
  while (line[at] === SPACE) at += 1;
  return at;
}

/**
 * The start of the capitals after the last dot of Monolog's `production.ERROR:`; `end - 1` if there are none.
 * @param end after the colon
 */
export function channelEnd(line: Uint8Array, start: number, end: number): number {
  let at = end - 1;
  if (line[at] !== COLON_SIGN) return at;
  while (at > start && kinds[line[at - 1] ?? 0] === LETTER) at -= 1;
  return line[at - 1] === DOT && isCapital(line, at, end - 1) ? at : end - 1;
}

/** The position of the next `]`, or `end` if there is none before it. */
export function closing(line: Uint8Array, end: number, start: number): number {
  let at = start;
  while (at < end && line[at] !== CLOSE) at += 1;
  return at;
}

/** `E1128 10:00:00.123456`, or the same with a year; null if it is neither. @param end of the digits */
export function klogLevel(line: Uint8Array, end: number): Level | null {
  for (let at = 1; at < end; at += 1) if (kinds[line[at] ?? 0] !== DIGIT) return null;
  if (line[end] !== SPACE || kinds[line[end + 1] ?? 0] !== DIGIT || line[end + 3] !== COLON_SIGN) return null;
  return klogLevels.get(line[0] ?? 0) ?? null;
}
