import { isDocumentTime } from "../time/event-time.ts";
import { dayStartMs } from "../time/text-forms.ts";

const QUOTE = 0x22;
const COMMA = 0x2c;
const DASH = 0x2d;
const DOT = 0x2e;
const COLON = 0x3a;
/** A double represents decimals of up to 15 digits exactly enough to use the digits as they are. */
const EXACT_DIGITS = 15;
/** `"2026-11-28T10:00:00` */
const TO_SECONDS = 20;

/**
 * Reads the two most common forms of a time straight from JSON bytes, without creating a string: a plain number, or ISO
 * 8601 in UTC with seconds. Returns -1 for other forms, which `parseEventTimeText` (lib/rules/time/event-time.ts)
 * reads. Both give the same result for these two.
 */
export type PlainTime = (json: Uint8Array, start: number, end: number) => number;

export function createPlainTime(): PlainTime {
  // Consecutive times are usually of the same day.
  let day = -1;
  let midnightMs = -1;

  return (json, start, end) => {
    const timestampMs = json[start] === QUOTE ? isoMs(json, start, end - 1) : numberMs(json, start, end);
    return isDocumentTime(timestampMs) ? timestampMs : -1;
  };

  function isoMs(json: Uint8Array, start: number, quoteAt: number): number {
    const secondsEnd = start + TO_SECONDS;
    if (secondsEnd > quoteAt || json[start + 5] !== DASH || json[start + 8] !== DASH) return -1;
    const between = json[start + 11];
    if ((between !== 0x54 && between !== 0x20) || json[start + 14] !== COLON || json[start + 17] !== COLON)
      return -1;
    const itsDay =
      digits(json, start + 1, 4) * 10_000 + digits(json, start + 6, 2) * 100 + digits(json, start + 9, 2);
    if (Number.isNaN(itsDay)) return -1;
    if (itsDay !== day) {
      day = itsDay;
      midnightMs =
        dayStartMs(Math.floor(itsDay / 10_000), Math.floor(itsDay / 100) % 100, itsDay % 100) ?? Number.NaN;
    }
    const [hour, minute, second] = [
      digits(json, start + 12, 2),
      digits(json, start + 15, 2),
      digits(json, start + 18, 2),
    ];
    const milliseconds = fractionMs(json, secondsEnd, quoteAt);
    if (hour > 23 || minute > 59 || second > 60 || milliseconds < 0) return -1;
    return midnightMs + ((hour * 60 + minute) * 60 + second) * 1_000 + milliseconds;
  }
}

/** Reads what follows the seconds: a fraction, `Z`, or nothing. @returns -1 for anything else */
function fractionMs(json: Uint8Array, start: number, quoteAt: number): number {
  let milliseconds = 0;
  let at = start;
  if (json[at] === DOT || json[at] === COMMA) {
    at += 1;
    const first = at;
    for (let worth = 100; isDigit(json[at]); at += 1) {
      if (at < first + 3) milliseconds += ((json[at] ?? 0) - 0x30) * worth;
      worth /= 10;
    }
    if (at === first) return -1;
  }
  if (json[at] === 0x5a) at += 1;
  return at === quoteAt ? milliseconds : -1;
}

/** Its size tells its unit, as in `epochNumberMs` (lib/rules/time/epoch-number.ts). */
function numberMs(json: Uint8Array, start: number, end: number): number {
  let at = start;
  let whole = 0;
  while (at < end && isDigit(json[at])) whole = whole * 10 + (json[at++] ?? 0) - 0x30;
  const wholeDigits = at - start;
  // Too small for a time, which `parseEventTimeText` decides.
  if (wholeDigits < 9 || end - start > EXACT_DIGITS) return -1;
  if (at < end && json[at] !== DOT) return -1;
  if (wholeDigits > 14) return Math.floor(whole / 1_000);
  if (wholeDigits > 11) return at === end ? whole : -1;
  const milliseconds = at === end ? 0 : fractionMs(json, at, end);
  return milliseconds < 0 || json[end - 1] === 0x5a ? -1 : whole * 1_000 + milliseconds;
}

function digits(json: Uint8Array, start: number, count: number): number {
  let number = 0;
  for (let at = start; at < start + count; at += 1) {
    if (!isDigit(json[at])) return Number.NaN;
    number = number * 10 + (json[at] ?? 0) - 0x30;
  }
  return number;
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39;
}
