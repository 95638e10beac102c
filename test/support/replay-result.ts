import type { ReplayResult } from "../../functions/replay-dead-letters.ts";

/** The result of a replay that found nothing, with the given changes. */
export function replayResult(changes: Partial<ReplayResult> = {}): ReplayResult {
  return {
    dryRun: false,
    read: 0,
    notLetters: 0,
    filteredOut: 0,
    doubles: 0,
    alreadyThere: 0,
    indexed: 0,
    stillRejected: 0,
    skipped: 0,
    unrecoverable: 0,
    elsewhere: 0,
    wouldReplay: 0,
    byError: { groups: [], others: 0 },
    unrecoverablePlaces: [],
    byIndex: [],
    undeclared: [],
    firstForeign: null,
    failureStores: { cleared: 0, wouldClear: 0, open: 0, openPlaces: [], unexamined: 0, problems: [] },
    ...changes,
  };
}
