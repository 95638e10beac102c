import { parseTimeExpression } from "../../../../../lib/rules/search/grammar/time-expression.ts";
import { isoTime, type Zone } from "../../text/format.ts";

/** A time range as in the address: `now-15m` or ISO 8601. */
export interface TimeRange {
  readonly from: string;
  readonly to: string;
}

export const defaultRange: TimeRange = { from: "now-15m", to: "now" };

/** The preset ranges; all end now. */
export const presets: readonly { readonly from: string; readonly label: string }[] = [
  { from: "now-15m", label: "Last 15 minutes" },
  { from: "now-1h", label: "Last hour" },
  { from: "now-6h", label: "Last 6 hours" },
  { from: "now-24h", label: "Last 24 hours" },
  { from: "now-7d", label: "Last 7 days" },
];

export function isPreset({ from, to }: TimeRange): boolean {
  return to === "now" && presets.some((preset) => preset.from === from);
}

/** Whether the range is relative to the current time. */
function isRelative(text: string): boolean {
  return text.startsWith("now");
}

/** The range with absolute times. Invalid times stay unchanged; the host says what is wrong with them. */
export function frozenRange({ from, to }: TimeRange, nowMs: number): TimeRange {
  return { from: frozenTime(from, nowMs), to: frozenTime(to, nowMs) };
}

function frozenTime(text: string, nowMs: number): string {
  const atMs = isRelative(text) ? parseTimeExpression(text, nowMs) : null;
  return atMs === null ? text : new Date(atMs).toISOString();
}

const span = /^(?:last\s+)?(\d{1,6})\s*(s|m|min|h|d|w)$/i;

/**
 * Reads a range as people type it: `2h`, `last 3 d`, `today`, `yesterday`, or a moment from which to look until now.
 * @returns null if it is none of these
 */
export function typedRange(text: string, zone: Zone, nowMs: number): TimeRange | null {
  const typed = text.trim();
  const [, count, unit = ""] = span.exec(typed) ?? [];
  if (count !== undefined) return { from: `now-${count}${unit.slice(0, 1).toLowerCase()}`, to: "now" };
  const dayBegan = (back: number): string => {
    const day = new Date(nowMs);
    if (zone === "utc") day.setUTCHours(-24 * back, 0, 0, 0);
    else day.setHours(-24 * back, 0, 0, 0);
    return day.toISOString();
  };
  if (/^today$/i.test(typed)) return { from: dayBegan(0), to: "now" };
  if (/^yesterday$/i.test(typed)) {
    return { from: dayBegan(1), to: new Date(Date.parse(dayBegan(0)) - 1).toISOString() };
  }
  const fromMs = parseTimeExpression(typed, nowMs);
  return fromMs !== null && fromMs <= nowMs && typed !== "now" ? { from: typed, to: "now" } : null;
}

/** The neighbouring range of the same length. */
export function steppedRange({ from, to }: TimeRange, side: -1 | 1): TimeRange {
  const [fromMs, toMs] = [Date.parse(from), Date.parse(to)];
  const stepMs = side * Math.max(1, toMs - fromMs);
  return rangeOf(fromMs + stepMs, toMs + stepMs);
}

/** A range twice as long, around the same middle. */
export function widerRange({ from, to }: TimeRange): TimeRange {
  const [fromMs, toMs] = [Date.parse(from), Date.parse(to)];
  const marginMs = Math.max(1_000, toMs - fromMs) / 2;
  return rangeOf(fromMs - marginMs, toMs + marginMs);
}

function rangeOf(fromMs: number, toMs: number): TimeRange {
  const [from = "", to = ""] = [fromMs, toMs].map((ms) => new Date(Math.max(0, ms)).toISOString());
  return { from, to };
}

/** A time with a margin on both sides, both ends included. */
export function around(atMs: number, spanMs: number): TimeRange {
  return rangeOf(atMs - spanMs, atMs + spanMs);
}

/** A time as a `datetime-local` field expects it; "" for an invalid time. */
export function fieldTime(text: string, zone: Zone, nowMs: number): string {
  const atMs = parseTimeExpression(text, nowMs);
  return atMs === null ? "" : isoTime(atMs, zone).replace(" ", "T");
}

/** The value of such a field in ISO 8601; null if it is empty. */
export function timeOfField(value: string, zone: Zone): string | null {
  // JavaScript reads a date and time without an offset as local time.
  const at = new Date(zone === "utc" ? `${value}Z` : value);
  return value === "" || Number.isNaN(at.getTime()) ? null : at.toISOString();
}

const steps: readonly (readonly [ms: number, name: string])[] = [
  [86_400_000, "d"],
  [3_600_000, "h"],
  [60_000, "min"],
  [1_000, "s"],
  [1, "ms"],
];

/** `30 s`, `5 min`: a bar's width. */
export function stepName(ms: number): string {
  const [unitMs, name] = steps.find(([size]) => ms >= size && ms % size === 0) ?? [1, "ms"];
  return `${ms / unitMs} ${name}`;
}
