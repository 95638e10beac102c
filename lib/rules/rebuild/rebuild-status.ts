import { countText } from "../base/units.ts";
import type { RebuildCounts, RebuildOrder, RebuildPosition } from "./rebuild.ts";

/**
 * - **running**: reads the topic from its start into the new index.
 * - **paused**: told to wait, or the topic is held.
 * - **caught up**: the new index has everything but the last moments, and follows.
 * - **swapped**: the new index is the live one; both are filled, so the way back stays open.
 * - **failed**: cannot go on, `reason` says why.
 */
export const rebuildStates = ["running", "paused", "caught up", "swapped", "failed"] as const;
export type RebuildState = (typeof rebuildStates)[number];

export interface RebuildPartition {
  readonly partition: number;
  readonly start: number;
  /** All records below have an outcome. */
  readonly next: number;
  /** Last stable offset; null if unknown. */
  readonly end: number | null;
}

/** A topic's rebuild, as in `GET /topics`. */
export interface RebuildStatus {
  /** The new index. */
  readonly index: string;
  /** The index that the topic was written to before. */
  readonly old: string;
  /** The alias to swap; null if the topic declares its index itself. */
  readonly alias: string | null;
  readonly state: RebuildState;
  /** One sentence; null if the state needs no explanation. */
  readonly reason: string | null;
  readonly by: string;
  /** ISO 8601. */
  readonly since: string;
  /** Offsets that have an outcome. */
  readonly done: number;
  /** Offsets in Kafka; null if unknown. */
  readonly total: number | null;
  /** 0 to 100, rounded down; null if unknown. */
  readonly percent: number | null;
  /** Offsets a second; null if unknown. */
  readonly rate: number | null;
  /** Null if unknown or caught up. */
  readonly secondsLeft: number | null;
  readonly counts: RebuildCounts;
  /** Offsets that Kafka deleted before they were read. */
  readonly lost: number;
  readonly partitions: readonly RebuildPartition[];
}

/** What is known about a rebuild besides its order. */
export interface RebuildKnowledge {
  readonly positions: ReadonlyMap<number, RebuildPosition>;
  /** The start and end of the readable log, by partition; an end of null is unknown. */
  readonly log: ReadonlyMap<number, { readonly start: number; readonly end: number | null }>;
  /** The UUID of the index that has the new one's name; null if there is none, undefined if unknown. */
  readonly uuid: string | null | undefined;
  /** The index that the topic is written to now; null if unknown. */
  readonly live: string | null;
  /** Why nothing is read although nobody paused the rebuild; null if that is not so. */
  readonly held: string | null;
  /** Offsets a second, of the last minute; null if unknown. */
  readonly rate: number | null;
}

/** With less left to do, a new index that has once had everything still follows. */
const nearRecords = 2_000;
/** The same in time: positions are stored each second, so a busy topic always has more than {@link nearRecords} left. */
const nearSeconds = 10;

/** Why the rebuild cannot go on; null if it can. */
export function rebuildFault({ index, uuid }: RebuildOrder, found: RebuildKnowledge["uuid"]): string | null {
  if (found === undefined || found === uuid) return null;
  const what = found === null ? "was deleted" : "was deleted and created again";
  return `index "${index}" ${what} while it was rebuilt: cancel this rebuild and begin another`;
}

/** Where the log of a partition without a position begins, its rebuild begins. */
export function rebuildStatusOf(order: RebuildOrder, known: RebuildKnowledge): RebuildStatus {
  const { index, old, alias, by, since } = order;
  const numbers = [...new Set([...known.positions.keys(), ...known.log.keys()])].sort((a, b) => a - b);
  const partitions = numbers.map((partition): RebuildPartition => {
    const log = known.log.get(partition);
    const position = known.positions.get(partition);
    const start = position?.start ?? log?.start ?? 0;
    const next = position?.next ?? start;
    const end = log?.end ?? null;
    return { partition, start, next, end: end === null ? null : Math.max(end, next) };
  });
  const done = partitions.reduce((sum, { start, next }) => sum + next - start, 0);
  const isKnown = partitions.length > 0 && partitions.every(({ end }) => end !== null);
  const total = isKnown ? partitions.reduce((sum, { start, end }) => sum + (end ?? start) - start, 0) : null;
  const left = total === null ? null : total - done;
  const isNear =
    left !== null && (left <= nearRecords || (known.rate !== null && left <= known.rate * nearSeconds));
  const isCaughtUp = isNear && numbers.every((partition) => known.positions.get(partition)?.reached === true);
  const counts = { indexed: 0, duplicate: 0, deadLettered: 0, skipped: 0 };
  let lost = 0;
  for (const position of known.positions.values()) {
    counts.indexed += position.counts.indexed;
    counts.duplicate += position.counts.duplicate;
    counts.deadLettered += position.counts.deadLettered;
    counts.skipped += position.counts.skipped;
    lost += position.lost;
  }
  const fault = rebuildFault(order, known.uuid);
  const isSwapped = known.live === index;
  const trouble = [...known.positions.values()].find((position) => position.trouble !== null)?.trouble;
  const waiting =
    numbers.length > known.positions.size && fault === null
      ? `${countText(numbers.length - known.positions.size)} of ${countText(numbers.length)} partitions were not begun: no host reads them yet`
      : null;
  const isPaused = order.paused || known.held !== null;
  const { rate } = known;
  return {
    index,
    old,
    alias,
    state: stateOf({ fault, isPaused, isSwapped, isCaughtUp }),
    reason: fault ?? (order.paused ? null : known.held) ?? trouble ?? waiting,
    by,
    since,
    done,
    total,
    percent: total === null ? null : total === 0 ? 100 : Math.floor((100 * done) / total),
    rate,
    secondsLeft:
      left === null || isCaughtUp || isPaused || rate === null || rate <= 0 ? null : Math.ceil(left / rate),
    counts,
    lost,
    partitions,
  };
}

function stateOf(about: {
  readonly fault: string | null;
  readonly isPaused: boolean;
  readonly isSwapped: boolean;
  readonly isCaughtUp: boolean;
}): RebuildState {
  if (about.fault !== null) return "failed";
  if (about.isPaused) return "paused";
  if (about.isSwapped) return "swapped";
  return about.isCaughtUp ? "caught up" : "running";
}

/** `61 % of 1,000,000 records`. */
export function progressText({ percent, total }: Pick<RebuildStatus, "percent" | "total">): string {
  return percent === null || total === null ? "unknown" : `${percent} % of ${countText(total)} records`;
}
