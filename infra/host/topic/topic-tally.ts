import { FieldCounts } from "../../../lib/rules/outcomes/field-counts.ts";
import type { LostRange } from "../../../lib/rules/offsets/position.ts";
import type { OutcomeKind } from "../../../lib/rules/model/record.ts";
import { movedOf } from "./topic-figures.ts";
import type { TopicStatus } from "../../../lib/rules/progress/status.ts";

/** Counts the outcomes of one topic's records since the host started. */
export interface TopicTally {
  count(outcomes: readonly (OutcomeKind | null)[]): void;
  /** @param fields the refused field of each record @returns the number of records by counted field name */
  giveWay(fields: Iterable<string | null>): ReadonlyMap<string, number>;
  lose(ranges: readonly LostRange[], now: number): void;
  readonly moved: number;
  /** Of these, dead letters. */
  readonly deadLettered: number;
  status(): Pick<TopicStatus, "counts" | "gaveWay" | "lost">;
}

/** Older ranges are counted and logged, but not kept. */
const LOST_KEPT = 100;

export function createTopicTally(): TopicTally {
  const counts = { indexed: 0, duplicate: 0, deadLettered: 0, skipped: 0 };
  const fields = new FieldCounts();
  let lost: TopicStatus["lost"] = [];
  return {
    count(outcomes) {
      for (const outcome of outcomes) {
        if (outcome === "indexed") counts.indexed += 1;
        else if (outcome === "duplicate") counts.duplicate += 1;
        else if (outcome === "dead-lettered") counts.deadLettered += 1;
        else if (outcome === "skipped") counts.skipped += 1;
      }
    },
    giveWay: (gaveWay) => fields.add(gaveWay),
    lose(ranges, now) {
      const at = new Date(now).toISOString();
      lost = [...lost, ...ranges.map((range) => ({ ...range, at }))].slice(-LOST_KEPT);
    },
    get moved() {
      return movedOf(counts);
    },
    get deadLettered() {
      return counts.deadLettered;
    },
    status: () => ({ counts: { ...counts }, gaveWay: fields.counts(), lost }),
  };
}
