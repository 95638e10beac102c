import type { Declaration } from "../model/declaration.ts";

/**
 * A half-written source looks as if something had been removed: every prefix of a YAML list is valid YAML, and a program may
 * delete a key before it puts it again. So a removal takes effect only once the source has stayed unchanged for a while;
 * additions take effect at once.
 */

/** How long a source must stay unchanged. Writers emit a piece every few milliseconds, or slower over a network. */
const STILL_MS = 1_000;
/** Removals take effect after this time even if the source is rewritten continuously. */
const RESTLESS_MS = 30_000;

/** The content of a source when it was last read, and how long it has been unchanged. */
export interface Stillness {
  /** Equal as long as the source is unchanged. */
  readonly content: string;
  /** Milliseconds since the epoch, like the next; -Infinity if unchanged since before the first read. */
  readonly sinceMs: number;
  /** The start of the current series of changes. */
  readonly restlessSinceMs: number;
}

/**
 * @param before null for the first read, which accepts a source as it is
 * @param nowMs null to accept a source as it is
 */
export function lookAt(before: Stillness | null, content: string, nowMs: number | null): Stillness {
  if (before === null || nowMs === null) return { content, sinceMs: -Infinity, restlessSinceMs: -Infinity };
  // A clock that was set back must not prolong the wait.
  const known = before.sinceMs > nowMs ? { ...before, sinceMs: nowMs, restlessSinceMs: nowMs } : before;
  if (known.content === content) return known;
  const wasCalm = nowMs - known.sinceMs >= STILL_MS;
  return { content, sinceMs: nowMs, restlessSinceMs: wasCalm ? nowMs : known.restlessSinceMs };
}

/** When a source is believed as a whole, removals included, in milliseconds since the epoch; null for now. */
export function believedAtMs({ sinceMs, restlessSinceMs }: Stillness, nowMs: number | null): number | null {
  if (nowMs === null) return null;
  const at = Math.min(sinceMs + STILL_MS, restlessSinceMs + RESTLESS_MS);
  return at <= nowMs ? null : at;
}

/**
 * The time until the first source is believed as a whole, in milliseconds; null if all are.
 * @param lookedAtMs the time given to `lookAt`; what followed may have taken longer than STILL_MS
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
 * The active declarations of a source: those it contains and, until `leavesAtMs`, those removed from it.
 * @param leavesAtMs null if removals take effect now
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

/** False for a declaration whose removal is pending. */
export function isStated({ leavesAtMs }: Declaration): boolean {
  return leavesAtMs === undefined;
}

/** Identifies a declaration within its source. */
export function identityOf({ target }: Declaration): string {
  return target.kind === "topic" ? `topic ${target.topic}` : `pattern ${target.pattern}`;
}
