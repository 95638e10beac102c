/** A non-negative number in decimal digits. */
const decimal = /^(\d+)(?:\.(\d*))?$/;
/** `String` writes larger numbers with an exponent; such times are far out of range. */
const plainBelow = 1e21;
/** Up to this many digits, a number is no time. */
const tooFewDigits = 8;
const withExponent = /^\d+(?:\.\d*)?[eE]\+?\d{1,2}$/;

/**
 * Reads a number as milliseconds since the epoch. Its size determines its unit: below 10^11 seconds, below 10^14
 * milliseconds, below 10^17 microseconds, otherwise nanoseconds. Works on text, because a double has too few digits for
 * nanoseconds, and `1764324000.123 * 1000` is less than it looks. Drops fractions of a millisecond. Null if the text is
 * no such number, or below 10^8 seconds (in 1973): that is a duration, an uptime, or the absence of a time.
 */
export function epochNumberMs(text: string): number | null {
  const match = decimal.exec(text);
  if (match === null) {
    const number = withExponent.test(text) ? Number(text) : Number.NaN;
    return number < plainBelow ? epochNumberMs(String(number)) : null;
  }
  const whole = (match[1] ?? "").replace(/^0+(?=\d)/, "");
  if (whole.length <= tooFewDigits) return null;
  if (whole.length <= 11) return Number(whole) * 1_000 + millisecondsOf(match[2] ?? "");
  if (whole.length <= 14) return Number(whole);
  return Number(whole.slice(0, whole.length <= 17 ? -3 : -6));
}

/** The milliseconds in the fraction of a second. */
export function millisecondsOf(fraction: string): number {
  return Number(fraction.slice(0, 3).padEnd(3, "0"));
}
