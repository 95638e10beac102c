import type { TopicRow } from "../../../api/live-messages.ts";
import { nameOf, type DeclarationRow } from "../plan/declaration-rows.ts";
import type { TopicsTable } from "../topics/topics-table.ts";

/** The topic for which a declaration decides; null for patterns, and for those that lose or are refused. */
export function liveOf({ target, standing }: DeclarationRow, live: TopicsTable | null): TopicRow | null {
  if (target === null || "pattern" in target || standing?.state !== "in force") return null;
  return live?.rows.get(nameOf(target)) ?? null;
}
