import type { Declaration } from "../model/declaration.ts";

/**
 * A source caught half written looks like one from which something was removed: every prefix of a YAML list is valid YAML,
 * and a program may delete a key before it puts it again. So what a source no longer says is believed only once it stood
 * still; what it says anew is believed at once.
 */

/** How long a source has to stand still: writers put out a piece every few milliseconds, or are slow by a network. */
const STILL_MS = 1_000;
/** A source that is rewritten without end is believed after that. */
const RESTLESS_MS = 30_000;

/** What a source held when it was last looked at, and how long it was seen to hold that. */
export interface Stillness {
  /** Equal as long as the source is the same. */
  readonly content: string;
  /** Milliseconds since the epoch, as is the next; -Infinity: since before anybody looked. */
  readonly sinceMs: number;
  /** Since when it never stood still. */
  readonly restlessSinceMs: number;
}

/**
 * @param before null: this is the first look, which takes a source as it is
 * @param nowMs null: it is taken as it is anyway
 */
export function lookAt(before: Stillness | null, content: string, nowMs: number | null): Stillness {
  if (before === null || nowMs === null) return { content, sinceMs: -Infinity, restlessSinceMs: -Infinity };
  // A clock that was set back must not make anybody wait for it.
  const known = before.sinceMs > nowMs ? { ...before, sinceMs: nowMs, restlessSinceMs: nowMs } : before;
  if (known.content === content) return known;
  const wasCalm = nowMs - known.sinceMs >= STILL_MS;
  return { content, sinceMs: nowMs, restlessSinceMs: wasCalm ? nowMs : known.restlessSinceMs };
}

/** When all that a source says is believed, milliseconds since the epoch; null: now. */
export function believedAtMs({ sinceMs, restlessSinceMs }: Stillness, nowMs: number | null): number | null {
  if (nowMs === null) return null;
  const at = Math.min(sinceMs + STILL_MS, restlessSinceMs + RESTLESS_MS);
  return at <= nowMs ? null : at;
}

/**
 * In how many milliseconds the first of them will be believed that was not when it was looked at; null: all were.
 * @param lookedAtMs as `lookAt` was told: what followed may have taken longer than a source has to stand still
 */
export function lookAgainMs(
  sources: readonly (Stillness | null)[],
  lookedAtMs: number | null,
  nowMs: number,
): number | null {
  const times = sources.flatMap((one) => (one === null ? [] : (believedAtMs(one, lookedAtMs) ?? [])));
  return times.length === 0 ? null : Math.max(0, Math.min(...times) - nowMs);
}

/**
 * What is in force of a source: what it says, and until `leavesAtMs` what it said before and says no more.
 * @param leavesAtMs null: that has left
 */
export function withLeaving(
  before: readonly Declaration[],
  stated: readonly Declaration[],
  leavesAtMs: number | null,
): readonly Declaration[] {
  if (leavesAtMs === null || before.length === 0) return stated;
  const names = new Set(stated.map(identityOf));
  const leaving = before.filter((one) => !names.has(identityOf(one)));
  return [
    ...stated,
    ...leaving.map(({ target, options, source }) => ({ target, options, source, leavesAtMs })),
  ];
}

/** Without what is on its way out, or the mark of it. */
export function isStated({ leavesAtMs }: Declaration): boolean {
  return leavesAtMs === undefined;
}

/** What tells a declaration from the others of its source. */
export function identityOf({ target }: Declaration): string {
  return target.kind === "topic" ? `topic ${target.topic}` : `pattern ${target.pattern}`;
}
