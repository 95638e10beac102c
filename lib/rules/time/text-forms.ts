import { millisecondsOf } from "./epoch-number.ts";

const months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

const weekday = String.raw`(?:(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?,?\s+)?`;
const monthName = String.raw`(?<month>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?`;
const day = String.raw`(?<day>\d\d?)`;
const year = String.raw`(?<year>\d{4})`;
const clock = String.raw`(?<hour>\d\d?):(?<minute>\d\d)(?::(?<second>\d\d)(?:[.,:](?<fraction>\d+))?)?(?:\s?(?<half>[ap])\.?m\.?)?`;
/** Only names with one meaning everywhere: `CST` and `IST` are three zones each. */
const zone = String.raw`(?:z|(?:utc?|gmt)?(?<offset>[+-]\d\d?(?::?\d\d)?)|utc?|gmt)`;
/** Repeats the zone in another form: `CET` and `m=+0.01` (Go), `(Central European Time)`, `[Europe/Berlin]` (Java). */
const zoneTail = String.raw`(?:\s[a-z]{3,5}|\s[+-]\d{2,4}|\s?\([^()]*\)|(?:\[[\w!+/=.-]+\])+)?(?:\sm=[+-][\d.]+)?`;
const end = String.raw`(?:\s*${zone}${zoneTail})?$`;

const form = (...pieces: readonly string[]): RegExp => new RegExp(`^${pieces.join("")}`, "i");

/** ISO 8601 and similar forms: year first, in digits. */
const iso = form(
  year,
  String.raw`(?<separator>[-/.])(?<month>\d\d?)\k<separator>`,
  day,
  String.raw`(?:(?:[t_]|\s+)`,
  clock,
  ")?",
  end,
);
/** `20261128T100000Z`, `20261128 10:00:00.123456` (glog). */
const basic = form(
  year,
  String.raw`(?<month>\d\d)(?<day>\d\d)[t _-](?<hour>\d\d):?(?<minute>\d\d):?(?<second>\d\d)(?:[.,](?<fraction>\d+))?`,
  end,
);
/** `28/Nov/2026:10:00:00 +0000` (Apache, nginx), `Sat, 28 Nov 2026 10:00:00 GMT`, `28-Nov-2026 10:00:00.123` (Tomcat). */
const dayFirst = form(
  weekday,
  day,
  "[ /-]",
  monthName,
  String.raw`(?:[ /-](?<year>\d{4}|\d\d))?(?:[:t]|,?\s+)`,
  clock,
  end,
);
/** `Nov 28, 2026 10:00:00 AM` (java.util.logging), `Sat Nov 28 2026 10:00:00 GMT+0000 (UTC)` (JavaScript), `Nov 28 10:00:00`. */
const monthFirst = form(
  weekday,
  monthName,
  String.raw`\s+`,
  day,
  String.raw`(?:,?\s+`,
  year,
  String.raw`)?,?\s+`,
  clock,
  end,
);
/** `Sat Nov 28 10:00:00 2026`, possibly with a zone before or after the year. */
const yearLast = form(
  weekday,
  monthName,
  String.raw`\s+`,
  day,
  String.raw`\s+`,
  clock,
  String.raw`(?:\s+${zone})?\s+`,
  year,
  String.raw`(?:\s+(?:utc?|gmt|z))?$`,
);
/** .NET's `/Date(1764324000000+0100)/`, always in milliseconds. */
const microsoft = /^\\?\/Date\((\d{1,15})(?:[+-]\d{4})?\)\\?\/$/;

/** The longest forms have about 80 characters. Longer text is not searched. */
const maxLength = 128;

type Parts = Readonly<Record<string, string | undefined>>;

/**
 * Parses a moment as loggers write it to milliseconds since the epoch; null if the text has none of these forms, or names
 * a day or hour that does not exist. Without a zone it is UTC: a document must not depend on the host's zone or clock.
 * `11/28/2026` is not read, because some countries write the day first.
 * @param aroundMs a text without a year gets the year nearest to this; if below 0, it cannot be read
 */
export function parseTimeText(text: string, aroundMs: number): number | null {
  if (text.length > maxLength) return null;
  const trimmed = text.trim();
  const bare = trimmed.startsWith("[") && trimmed.endsWith("]") ? trimmed.slice(1, -1) : trimmed;
  const parts = partsOf(bare);
  if (parts === undefined) {
    const milliseconds = microsoft.exec(bare)?.[1];
    return milliseconds === undefined ? null : Number(milliseconds);
  }
  if (parts["year"] !== undefined) return momentOf(fullYear(parts["year"]), parts);
  return aroundMs < 0 ? null : nearestYear(parts, aroundMs);
}

function partsOf(text: string): Parts | undefined {
  const first = text.charCodeAt(0);
  const forms = first >= 0x30 && first <= 0x39 ? [iso, basic, dayFirst] : [monthFirst, yearLast, dayFirst];
  for (const one of forms) {
    const groups = one.exec(text)?.groups;
    if (groups !== undefined) return groups;
  }
  return undefined;
}

/** Two digits are read as in POSIX. */
function fullYear(digits: string): number {
  const number = Number(digits);
  if (digits.length > 2) return number;
  return number < 69 ? 2000 + number : 1900 + number;
}

function nearestYear(parts: Parts, aroundMs: number): number | null {
  const about = new Date(aroundMs).getUTCFullYear();
  let nearest: number | null = null;
  for (const candidate of [about - 1, about, about + 1]) {
    const moment = momentOf(candidate, parts);
    if (moment === null) continue;
    if (nearest === null || Math.abs(moment - aroundMs) < Math.abs(nearest - aroundMs)) nearest = moment;
  }
  return nearest;
}

function momentOf(itsYear: number, parts: Parts): number | null {
  const { month = "", hour = "0", minute = "0", second = "0", fraction = "", half, offset } = parts;
  const monthNumber = /^\d/.test(month) ? Number(month) : months.indexOf(month.slice(0, 3).toLowerCase()) + 1;
  const midnight = dayStartMs(itsYear, monthNumber, Number(parts["day"]));
  const hours = hourOfDay(Number(hour), half?.toLowerCase());
  const offsetMinutes = offset === undefined ? 0 : parseOffset(offset);
  if (midnight === null || hours === null || offsetMinutes === null) return null;
  if (Number(minute) > 59 || Number(second) > 60) return null;
  const seconds = (hours * 60 + Number(minute) - offsetMinutes) * 60 + Number(second);
  return midnight + seconds * 1_000 + millisecondsOf(fraction);
}

/** Null if there is no such day. `Date.UTC` turns 30 February into 1 or 2 March. */
export function dayStartMs(itsYear: number, month: number, itsDay: number): number | null {
  const midnight = new Date(Date.UTC(itsYear, month - 1, itsDay));
  return midnight.getUTCMonth() + 1 === month && midnight.getUTCDate() === itsDay ? midnight.getTime() : null;
}

function hourOfDay(hour: number, half: string | undefined): number | null {
  if (half === undefined) return hour > 23 ? null : hour;
  if (hour < 1 || hour > 12) return null;
  return (hour % 12) + (half === "p" ? 12 : 0);
}

/** Minutes east of UTC. */
function parseOffset(offset: string): number | null {
  const [, hours = "", minutes = "0"] = /^[+-](\d\d?)(?::?(\d\d))?$/.exec(offset) ?? [];
  if (Number(hours) > 23 || Number(minutes) > 59) return null;
  return (offset.startsWith("-") ? -1 : 1) * (Number(hours) * 60 + Number(minutes));
}
