import type { OverviewMessage, Verdict } from "../../api/live-messages.ts";

/** Dead letters call for attention this long: whoever was away finds them in `GET /dead-letters` for as long as they are kept. */
const RECENT_MS = 15 * 60_000;

/** What the first line of the overview, the title of every page and its icon say. */
export function verdictOf({
  at,
  attentionCount,
  checks,
  states,
  refused,
  refusedCount,
  deadLetteredAt,
}: Omit<OverviewMessage, "verdict">): Verdict {
  const { progress: _saidByTopics, ...others } = checks;
  const broken = Object.values(others).filter(({ ok }) => !ok).length;
  const told = new Set(Object.values(others).map(({ reason }) => reason));
  const declarations = refusedCount - refused.filter(({ reason }) => told.has(reason)).length;
  const letters = deadLetteredAt !== null && at - deadLetteredAt < RECENT_MS ? 1 : 0;
  const count = attentionCount + broken + declarations + letters;
  const kind = count === 0 ? "ok" : broken + states.failed > 0 ? "bad" : "warning";
  return { count, kind, refused: declarations };
}
