import type { OverviewMessage, Verdict } from "../../api/live-messages.ts";

/** What happened calls for attention this long: whoever was away finds dead letters in `GET /dead-letters`, and the rest in the history. */
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
  massStop,
}: Omit<OverviewMessage, "verdict">): Verdict {
  const { progress: _saidByTopics, ...others } = checks;
  const broken = Object.values(others).filter(({ ok }) => !ok).length;
  const told = new Set(Object.values(others).map(({ reason }) => reason));
  const declarations = refusedCount - refused.filter(({ reason }) => told.has(reason)).length;
  const recent = [deadLetteredAt, massStop?.at].filter((one) => at - (one ?? -Infinity) < RECENT_MS).length;
  const count = attentionCount + broken + declarations + recent;
  const kind = count === 0 ? "ok" : broken + states.failed > 0 ? "bad" : "warning";
  return { count, kind, refused: declarations };
}
