/** A number that is not negative, in decimal digits. */
const decimal = /^(\d+)(?:\.(\d*))?$/;
/** From here on a number is written with an exponent; such a time is far out of range. */
const plainBelow = 1e21;
/** Digits. */
const shortestSeconds = 8;
const withExponent = /^\d+(?:\.\d*)?[eE]\+?\d{1,2}$/;

/**
 * Milliseconds since the epoch of a number in decimal digits. Its size tells its unit: below 10^11 seconds, below 10^14
 * milliseconds, below 10^17 microseconds, otherwise nanoseconds. It is read from its text, because a double has not
 * digits enough for nanoseconds, and `1764324000.123 * 1000` is less than it looks. What is below a millisecond is cut
 * off. Null where the text is no such number, and below 10^8 seconds, in 1973: that is how long something took or ran, or
 * says that there is no time.
 */
export function epochNumberMs(text: string): number | null {
  const match = decimal.exec(text);
  if (match === null) {
    const number = withExponent.test(text) ? Number(text) : Number.NaN;
    return number < plainBelow ? epochNumberMs(String(number)) : null;
  }
  const whole = (match[1] ?? "").replace(/^0+(?=\d)/, "");
  if (whole.length <= shortestSeconds) return null;
  if (whole.length <= 11) return Number(whole) * 1_000 + millisecondsOf(match[2] ?? "");
  if (whole.length <= 14) return Number(whole);
  return Number(whole.slice(0, whole.length <= 17 ? -3 : -6));
}

/** The first three digits of a second's fraction. */
export function millisecondsOf(fraction: string): number {
  return Number(fraction.slice(0, 3).padEnd(3, "0"));
}
