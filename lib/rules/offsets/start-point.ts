import { isDocumentTime } from "../time/event-time.ts";
import { parseTimeText } from "../time/text-forms.ts";

/** A place in all logs of a topic: at one end, or at the first record of a time or later. */
export type StartPoint =
  | { readonly kind: "earliest" | "latest" }
  /** Milliseconds since the epoch. */
  | { readonly kind: "time"; readonly atMs: number }
  /** As long before the moment at which it is looked up. */
  | { readonly kind: "ago"; readonly ms: number };

const msPerUnit: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
/** What a place looks like. The zone is required: one that is guessed would be hours off. */
export const startPointPattern =
  /^(?:earliest|latest|-(\d{1,6})([smhd])|\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d))$/;

/** A predicate, to be read after the value. */
export const startPointRule =
  "is not earliest, latest, a time with its zone (2026-11-28T10:00:00Z) or an age (-2h; units s m h d)";

/** @returns null if the text is no place */
export function parseStartPoint(text: string): StartPoint | null {
  if (text === "earliest" || text === "latest") return { kind: text };
  const match = startPointPattern.exec(text);
  if (match === null) return null;
  const [, amount, unit = ""] = match;
  if (amount !== undefined) return { kind: "ago", ms: Number(amount) * (msPerUnit[unit] ?? 0) };
  const atMs = parseTimeText(text, -1);
  return atMs !== null && isDocumentTime(atMs) ? { kind: "time", atMs } : null;
}

/** The moment that it means at `nowMs`, in milliseconds since the epoch; null for an end of the log. */
export function momentOf(point: StartPoint, nowMs: number): number | null {
  if (point.kind === "time") return point.atMs;
  return point.kind === "ago" ? Math.max(0, nowMs - point.ms) : null;
}

/** Why no record can be of that time yet, as a predicate of the value; null if some can. */
export function futureFault(text: string, nowMs: number): string | null {
  const point = parseStartPoint(text);
  const atMs = point === null ? null : momentOf(point, nowMs);
  if (atMs === null || atMs <= nowMs) return null;
  return `is in the future: it is ${new Date(nowMs).toISOString()} now`;
}
