import type { RebuildOrder, RebuildPosition, RebuildStep } from "../../lib/rules/rebuild/rebuild.ts";

/** The order to rebuild topic `app`, which declares alias `app` of index `app-1`, into `app-2`. */
export const rebuildOrder: RebuildOrder = {
  id: "one",
  index: "app-2",
  uuid: "u2",
  old: "app-1",
  alias: "app",
  by: "alice@ops",
  since: "2026-11-30T10:00:00.000Z",
  paused: false,
  both: false,
};

/** The end of that rebuild, ordered by somebody else. */
export const rebuildStep: RebuildStep = {
  action: "finish",
  index: rebuildOrder.index,
  force: false,
  by: "bob@ops",
  at: Date.parse(rebuildOrder.since) + 60_000,
};

/** A position of that rebuild, with the given changes. */
export function rebuildPosition(changes: Partial<RebuildPosition> = {}): RebuildPosition {
  const counts = { indexed: 0, duplicate: 0, deadLettered: 0, skipped: 0 };
  return {
    id: rebuildOrder.id,
    partition: 0,
    start: 0,
    next: 0,
    both: false,
    reached: true,
    counts,
    lost: 0,
    trouble: null,
    ...changes,
  };
}
