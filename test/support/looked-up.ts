import type { SentLookUp } from "../../infra/host/inlet/sent-look-up.ts";
import type { LookedUpPartition } from "../../infra/host/ledger/partition-entry.ts";
import type { Tenure } from "../../lib/adapters/kafka/group/member/tenure.ts";
import type { OpenedPartition } from "../../lib/adapters/kafka/reader/opening.ts";
import type { Position } from "../../lib/rules/offsets/position.ts";
import type { SentEarlier } from "../../functions/ingest-batch/bulk-attempt.ts";

/** A partition that is read from its position on, or else from its commit. */
export function openedAt(
  tenure: Tenure,
  committed: number | null,
  position: Partial<Position> = {},
): OpenedPartition {
  const whole = { start: committed ?? 0, check: null, lost: null, ...position };
  return { tenure, committed, position: whole, logEnd: whole.start, place: null, marks: null };
}

/** The same, looked up: nothing of it was sent before. */
export function lookedUpAt(...opened: Parameters<typeof openedAt>): LookedUpPartition {
  const one = openedAt(...opened);
  return { ...one, doubtBelow: one.position.start };
}

/** A target that is a concrete index: nothing sent before matters. */
export const concrete = { mayMove: false, place: "app" };

/** A concrete index, of which nothing needs to be found. */
export const nothingEarlier: SentEarlier = { mayMove: false, find: () => Promise.resolve(new Set()) };

/** Finds at once that nothing was sent before. */
export const nothingSent: SentLookUp = {
  open: (partitions, sink) =>
    sink.onFound(partitions.map((one) => ({ ...one, doubtBelow: one.position.start }))),
  close() {},
};
