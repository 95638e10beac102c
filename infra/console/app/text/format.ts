/** Formats of figures and times, the same everywhere. Pure: time zone and current time are parameters. */

/** The browser's time zone or UTC, for the whole page. */
export type Zone = "local" | "utc";

const grouped = new Intl.NumberFormat("en");

/** Shown for unknown values. */
export const unknown = "–";

/** `12,480`; from 100,000 on `125 k`. */
export function shortCount(value: number): string {
  if (Math.abs(value) < 100_000) return grouped.format(value);
  return scaled(value, ["k", "M", "G", "T"]);
}

/** All digits, for titles. */
export function exactCount(value: number): string {
  return grouped.format(value);
}

/** `41.2 k/s`, `3.4/s`, `0/s` */
export function ratePerSecond(value: number): string {
  if (value < 1_000) return `${value < 10 && value > 0 ? value.toFixed(1) : Math.round(value)}/s`;
  return `${scaled(value, ["k", "M", "G"])}/s`;
}

function scaled(value: number, units: readonly string[]): string {
  let rest = value;
  let unit = "";
  for (const next of units) {
    if (Math.abs(rest) < 999.5) break;
    rest /= 1000;
    unit = next;
  }
  return `${Math.abs(rest) < 99.95 ? rest.toFixed(1).replace(/\.0$/, "") : Math.round(rest)} ${unit}`.trimEnd();
}

/** `14:03:07`, optionally with `.123`, and preceded by the day if it is not today. */
export function clockTime(atMs: number, zone: Zone, nowMs: number, { millis = false } = {}): string {
  const text = isoTime(atMs, zone);
  const [day = "", time = ""] = text.split(" ");
  const clock = millis ? time : time.slice(0, 8);
  return day === isoTime(nowMs, zone).split(" ")[0] ? clock : `${day} ${clock}`;
}

/** `2026-11-22 14:03:07.123` */
export function isoTime(atMs: number, zone: Zone): string {
  const shifted = new Date(atMs + offsetMinutes(atMs, zone) * 60_000);
  return Number.isNaN(shifted.getTime()) ? unknown : shifted.toISOString().replace("T", " ").replace("Z", "");
}

/** `UTC+01:00`, the offset at that time, which depends on daylight saving time. */
export function offsetName(atMs: number, zone: Zone): string {
  const minutes = offsetMinutes(atMs, zone);
  if (minutes === 0) return "UTC";
  const two = (part: number) => String(Math.floor(part)).padStart(2, "0");
  return `UTC${minutes < 0 ? "−" : "+"}${two(Math.abs(minutes) / 60)}:${two(Math.abs(minutes) % 60)}`;
}

function offsetMinutes(atMs: number, zone: Zone): number {
  return zone === "utc" ? 0 : -new Date(atMs).getTimezoneOffset() || 0;
}

/**
 * What a sentence quotes from a record or a server, in quotes or brackets; to the end if they are not closed.
 * An apostrophe in or after a word begins no quote.
 */
const quoted = /"(?:\\"|[^"])*(?:"|$)|(?<!\w)'(?:[^']|'(?=\w))*(?:'|$)|\[[^\]]*(?:\]|$)/;

/** A time that a sentence of the host tells. */
const told = /(?<=\b(?:since|before|until|at) )(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z)/;

const quotedOrTold = new RegExp(`${quoted.source}|${told.source}`, "g");

/** A sentence in pieces: every second one is a time that it tells, in ISO 8601. */
export function timesIn(sentence: string): string[] {
  const pieces: string[] = [];
  let end = 0;
  for (const { index, 1: time } of sentence.matchAll(quotedOrTold)) {
    if (time === undefined || Number.isNaN(Date.parse(time))) continue;
    pieces.push(sentence.slice(end, index), time);
    end = index + time.length;
  }
  return [...pieces, sentence.slice(end)];
}

/** `12 s`, `4 min`, `3 h`, `2 d`: a duration in its largest unit. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7_200) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.floor(seconds / 3_600)} h`;
  return `${grouped.format(Math.floor(seconds / 86_400))} d`;
}

/** `1 topic`, `1,000 topics` */
export function plural(count: number, noun: string): string {
  return `${grouped.format(count)} ${noun}${count === 1 ? "" : "s"}`;
}
