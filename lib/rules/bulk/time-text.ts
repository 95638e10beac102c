/** The number of trailing base-36 digits that are rewritten in place. */
const LOW_DIGITS = 5;
const LOW_LIMIT = 36 ** LOW_DIGITS;
const DIGITS = Buffer.from("0123456789abcdefghijklmnopqrstuvwxyz");

/**
 * Formats a time with text around it, as bytes. Optimised for many times close together: only the digits that differ
 * are rewritten. The bytes are valid until the next call.
 */
export type TimeText = (timestampMs: number) => Uint8Array;

/** `<before><ISO 8601, UTC, milliseconds><after>`, for times that `isDocumentTime` allows. */
export function createIsoTimeText(before: string, after: string): TimeText {
  let second = Number.NaN;
  let known = Number.NaN;
  let bytes = Buffer.alloc(0);
  const millisecondsEnd = before.length + "YYYY-MM-DDTHH:mm:ss.mmm".length;
  return (timestampMs) => {
    if (timestampMs === known) return bytes;
    known = timestampMs;
    const itsSecond = Math.floor(timestampMs / 1_000);
    if (itsSecond !== second) {
      second = itsSecond;
      bytes = Buffer.from(`${before}${new Date(timestampMs).toISOString()}${after}`);
      return bytes;
    }
    let rest = timestampMs - itsSecond * 1_000;
    for (let at = millisecondsEnd - 1; at >= millisecondsEnd - 3; at -= 1) {
      const next = (rest / 10) | 0;
      bytes[at] = 0x30 + (rest - next * 10);
      rest = next;
    }
    return bytes;
  };
}

/** `<before><base 36><after>`, for any whole number of milliseconds. */
export function createBase36TimeText(before: string, after: string): TimeText {
  let high = Number.NaN;
  let known = Number.NaN;
  let bytes = Buffer.alloc(0);
  return (timestampMs) => {
    if (timestampMs === known) return bytes;
    known = timestampMs;
    const itsHigh = Math.floor(timestampMs / LOW_LIMIT);
    if (itsHigh !== high || itsHigh <= 0) {
      high = itsHigh;
      bytes = Buffer.from(`${before}${timestampMs.toString(36)}${after}`);
      return bytes;
    }
    let rest = timestampMs - itsHigh * LOW_LIMIT;
    const end = bytes.length - after.length;
    for (let at = end - 1; at >= end - LOW_DIGITS; at -= 1) {
      const next = (rest / 36) | 0;
      bytes[at] = DIGITS[rest - next * 36] ?? 0;
      rest = next;
    }
    return bytes;
  };
}
