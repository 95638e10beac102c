import { isObject } from "../json/object.ts";
import { dayStartMs } from "./text-forms.ts";

/** By the name of a field with seconds since the epoch: the field with its nanoseconds. */
const nanosecondsBeside: ReadonlyMap<string, string> = new Map([
  ["epochSecond", "nanoOfSecond"],
  ["seconds", "nanos"],
  ["_seconds", "_nanoseconds"],
]);

/** The path of the nanoseconds that belong to the seconds at `path`; null if it is not half of a pair. */
export function nanosecondsPath(path: string): string | null {
  const nameAt = path.lastIndexOf(".") + 1;
  const name = nanosecondsBeside.get(path.slice(nameAt));
  return name === undefined ? null : path.slice(0, nameAt) + name;
}

/** Adds seconds since the epoch and nanoseconds, each a number or digits; null if the seconds are neither. */
export function pairMs(seconds: unknown, nanoseconds: unknown): number | null {
  const whole = wholeNumber(seconds);
  return whole === null ? null : whole * 1_000 + Math.floor((wholeNumber(nanoseconds) ?? 0) / 1_000_000);
}

/**
 * The time in an object that represents one, as exact milliseconds since the epoch or as text still to be parsed.
 * Undefined if the object is no time.
 *
 * log4j2's `instant`, protobuf's Timestamp, MongoDB's `$date`, loguru's `{repr, timestamp}`, PHP's DateTime.
 */
export function timeInObject(value: Readonly<Record<string, unknown>>): number | string | undefined {
  for (const [seconds, nanoseconds] of nanosecondsBeside) {
    const timestampMs = pairMs(value[seconds], value[nanoseconds]);
    if (timestampMs !== null) return timestampMs;
  }
  const { $date: mongo, date, timezone, repr, timestamp } = value;
  if (typeof mongo === "string") return mongo;
  if (mongo !== undefined) return wholeNumber(isObject(mongo) ? mongo["$numberLong"] : mongo) ?? undefined;
  if (typeof date === "string" && typeof timezone === "string") return `${date} ${timezone}`;
  if (typeof repr === "string" && typeof timestamp === "number") return String(timestamp);
  return undefined;
}

/** Jackson's `[2026,11,28,10,0,0,123000000]` in UTC, in which the end may be missing; null if it is no time. */
export function timeInList(list: readonly unknown[]): number | null {
  if (list.length < 3 || list.length > 7) return null;
  const numbers = list.map(wholeNumber);
  if (numbers.includes(null)) return null;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, fraction = 0] = numbers.map(Number);
  const midnight = dayStartMs(year, month, day);
  if (midnight === null || hour > 23 || minute > 59 || second > 59 || fraction > 999_999_999) return null;
  // Jackson can be set to write milliseconds here. No clock ticks in single nanoseconds.
  const milliseconds = fraction < 1_000 ? fraction : Math.floor(fraction / 1_000_000);
  return midnight + ((hour * 60 + minute) * 60 + second) * 1_000 + milliseconds;
}

function wholeNumber(value: unknown): number | null {
  const number = typeof value === "string" && /^\d{1,15}$/.test(value) ? Number(value) : value;
  return typeof number === "number" && Number.isSafeInteger(number) && number >= 0 ? number : null;
}
