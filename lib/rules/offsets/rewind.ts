import { isObject } from "../json/object.ts";
import { usage } from "../base/errors.ts";
import { quoted } from "../base/visible-text.ts";
import type { LogRange } from "./position.ts";
import { parseStartPoint, startPointRule, type StartPoint } from "./start-point.ts";

/** Where to move the position of a topic's group to. */
export type RewindTarget =
  | StartPoint
  /** By partition; the others stay. */
  | { readonly kind: "offsets"; readonly offsets: ReadonlyMap<number, number> }
  /** Of the only partition, or of the one that is named beside it. */
  | { readonly kind: "offset"; readonly offset: number };

const offsetPattern = /^\d{1,15}$/;
/** Each in one spelling only: `{"0":1,"00":2}` names a partition twice. */
const partitionPattern = /^(?:0|[1-9]\d{0,8})$/;
const rule = `${startPointRule.replace(/^is not /, "is neither ").replace(" or an age", ", an age")}, an offset nor offsets by partition ({"0":17})`;

/**
 * Reads `earliest`, `latest`, a time, an age, `17` or `{"0":17}`, as text or as JSON has it.
 * @throws PenstockError `usage`, naming the value and the rule
 */
export function parseRewindTarget(value: unknown): RewindTarget {
  const given = typeof value === "string" && value.trim().startsWith("{") ? asJson(value) : value;
  if (isObject(given)) {
    const entries = Object.entries(given);
    const offsets = new Map(entries.map(([partition, offset]) => [Number(partition), Number(offset)]));
    const isGood = entries.every(
      ([partition, offset]) =>
        partitionPattern.test(partition) &&
        (typeof offset === "number" || typeof offset === "string") &&
        offsetPattern.test(String(offset)),
    );
    if (entries.length > 0 && isGood) return { kind: "offsets", offsets };
  }
  if (typeof given === "number" || (typeof given === "string" && offsetPattern.test(given)))
    if (offsetPattern.test(String(given))) return { kind: "offset", offset: Number(given) };
  const point = typeof given === "string" ? parseStartPoint(given) : null;
  if (point === null) throw usage(`to ${shown(value)} ${rule}`);
  return point;
}

function asJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function shown(value: unknown): string {
  return typeof value === "string" ? quoted(value) : (JSON.stringify(value) ?? "(nothing)").slice(0, 200);
}

/** One partition before its move. */
export interface PartitionStanding extends LogRange {
  readonly partition: number;
  /** Null if the group has no commit there: it would begin at the log's start. */
  readonly committed: number | null;
}

export interface RewindStep {
  readonly partition: number;
  readonly from: number;
  readonly to: number;
  /** What is read again if it goes back, or skipped if it goes forward: the offsets between, so at most so many. */
  readonly records: number;
}

/**
 * Decides where each partition goes.
 * @param only this partition; null: all that the target means
 * @param atTime by partition, for a time or an age: its first record of it or later, or the end of the log
 * @throws PenstockError `usage`: no such partition, an offset that is not in Kafka, or one offset for several partitions
 */
export function planRewind(
  topic: string,
  target: RewindTarget,
  only: number | null,
  standings: readonly PartitionStanding[],
  atTime: ReadonlyMap<number, number>,
): RewindStep[] {
  const named = target.kind === "offsets" ? [...target.offsets.keys()] : [];
  for (const partition of only === null ? named : [...named, only])
    if (!standings.some((one) => one.partition === partition))
      throw usage(
        `topic "${topic}" has no partition ${partition}: it has ${standings.length}, from 0 to ${standings.length - 1}`,
      );
  if (target.kind === "offset" && only === null && standings.length > 1)
    throw usage(
      `topic "${topic}" has ${standings.length} partitions: name one of them beside it, or give an offset for each ({"0":17})`,
    );
  if (target.kind === "offsets" && only !== null && !target.offsets.has(only))
    throw usage(`partition ${only} is not among those with an offset: ${named.join(", ")}`);
  return standings
    .filter(({ partition }) => only === null || partition === only)
    .map(({ partition, start, end, committed }) => {
      const from = committed ?? start;
      const to = {
        earliest: () => start,
        latest: () => end,
        time: () => atTime.get(partition) ?? from,
        ago: () => atTime.get(partition) ?? from,
        offset: () => (target.kind === "offset" ? target.offset : from),
        offsets: () => (target.kind === "offsets" ? (target.offsets.get(partition) ?? from) : from),
      }[target.kind]();
      if (to !== from && (to < start || to > end)) {
        const reason = `offset ${to} of topic "${topic}", partition ${partition}, is not in Kafka: it has ${start} to ${end}`;
        if (target.kind === "offset" || target.kind === "offsets") throw usage(reason);
      }
      const within = to === from ? from : Math.min(Math.max(to, start), end);
      return { partition, from, to: within, records: Math.abs(within - from) };
    });
}

/** The order to move one partition. */
export interface RewindOrder {
  readonly id: string;
  readonly by: string;
  /** ISO 8601. */
  readonly at: string;
  /** The position when it was ordered. */
  readonly from: number;
  /** Carried out, or passed by then. */
  readonly done: boolean;
}

/** @returns null if it is none that this version can read */
export function parseRewindOrder(metadata: string): RewindOrder | null {
  const value = asJson(metadata);
  if (!isObject(value)) return null;
  const { id, by, at, from, done } = value;
  const isText = typeof id === "string" && typeof by === "string" && typeof at === "string";
  if (!isText || typeof from !== "number") return null;
  return { id, by, at, from, done: done === true };
}
