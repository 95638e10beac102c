import { isDocumentTime } from "../../time/event-time.ts";
import { parseTimeText } from "../../time/text-forms.ts";

export const timeExpressionRule =
  "must be ISO 8601, milliseconds since the epoch, now, or an age such as 15m or now-15m (units s m h d w)";

const unitMs: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/**
 * Parses a moment into milliseconds since the epoch, never before it.
 * @param nowMs the time that `now` means
 * @returns null if the text is not a moment
 */
export function parseTimeExpression(text: string, nowMs: number): number | null {
  const relative = /^now(?:-(\d{1,9})([smhdw]))?$/.exec(text);
  const timestampMs = relative === null ? absolute(text) : before(nowMs, relative);
  return timestampMs !== null && isDocumentTime(timestampMs) ? timestampMs : null;
}

const agePattern = /^(?:now-|-)?(\d{1,9})(ms|[smhdw])$/;

/** The same where nothing but a moment can stand, so `15m` and `-15m` are one too. */
export function parseMoment(text: string, nowMs: number): number | null {
  const age = agePattern.exec(text);
  return age === null ? parseTimeExpression(text, nowMs) : before(nowMs, age);
}

/** Whether it moves on with the clock. */
export function isRelative(text: string): boolean {
  return text === "now" || agePattern.test(text);
}

function absolute(text: string): number | null {
  return /^\d{1,15}$/.test(text) ? Number(text) : parseTimeText(text, -1);
}

function before(nowMs: number, [, count = "0", unit = "s"]: RegExpExecArray): number {
  return Math.max(0, Math.trunc(nowMs) - Number(count) * (unitMs[unit] ?? 0));
}
