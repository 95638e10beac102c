/** The last millisecond of the year 9999: what Elasticsearch's `strict_date_optional_time` can still read back. */
const maxTimestampMs = 253_402_300_799_999;

/** Whether a document may carry this time: a whole number of milliseconds from 1970 through 9999. */
export function isDocumentTime(timestampMs: number): boolean {
  return Number.isInteger(timestampMs) && timestampMs >= 0 && timestampMs <= maxTimestampMs;
}

/** ISO 8601 as logs write it: `T` or a space between, seconds and fraction optional, UTC unless an offset is given. */
const iso8601 =
  /^(\d{4})-(\d\d)-(\d\d)(?:[Tt ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d+))?)?\s?([Zz]|[+-]\d\d(?::?\d\d)?)?)?$/;

/**
 * An event's own time in milliseconds since the epoch, from ISO 8601 text, or epoch milliseconds as a number or digits.
 * Null where it cannot be read or lies outside what a document may carry. `Date.parse` is not used: it takes text
 * without an offset for local time, and a document must not depend on the host's time zone.
 */
export function parseEventTime(value: unknown): number | null {
  const timestampMs = typeof value === "string" ? fromText(value.trim()) : value;
  if (typeof timestampMs !== "number") return null;
  const wholeMs = Math.trunc(timestampMs);
  return isDocumentTime(wholeMs) ? wholeMs : null;
}

function fromText(text: string): number | null {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  const match = iso8601.exec(text);
  if (match === null) return null;
  const [, year, month, day, hour = "0", minute = "0", second = "0", fraction = "", offset = "Z"] = match;
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 60) return null;
  const midnight = Date.UTC(Number(year), Number(month) - 1, Number(day));
  // 30 February would silently become 1 or 2 March.
  if (
    new Date(midnight).getUTCDate() !== Number(day) ||
    new Date(midnight).getUTCMonth() + 1 !== Number(month)
  ) {
    return null;
  }
  const offsetMinutes = parseOffset(offset);
  if (offsetMinutes === null) return null;
  const seconds = (Number(hour) * 60 + Number(minute) - offsetMinutes) * 60 + Number(second);
  return midnight + seconds * 1000 + Number(fraction.slice(0, 3).padEnd(3, "0"));
}

/** Minutes east of UTC. */
function parseOffset(offset: string): number | null {
  if (offset === "Z" || offset === "z") return 0;
  const hours = Number(offset.slice(1, 3));
  const minutes = Number(offset.slice(3).replace(":", "") || "0");
  if (hours > 23 || minutes > 59) return null;
  return (offset.startsWith("-") ? -1 : 1) * (hours * 60 + minutes);
}

/**
 * The value of a declared field: a top-level name, or else a dotted path into objects. Undefined where there is none.
 */
export function fieldAt(object: object, path: string): unknown {
  if (Object.hasOwn(object, path)) return Reflect.get(object, path);
  let value: unknown = object;
  for (const name of path.split(".")) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return undefined;
    value = Reflect.get(value, name);
  }
  return value;
}
