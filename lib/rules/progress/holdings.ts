import { countText, counted, durationText, sizeText } from "../base/units.ts";
import { indexForTimestamp } from "../model/names.ts";
import { isDocumentTime } from "../time/event-time.ts";
import { isBehind } from "./retention.ts";
import type { RebuildStatus } from "../rebuild/rebuild-status.ts";
import type { PartitionStatus, TopicStatus } from "./status.ts";

/**
 * What a declared index turned out to be in Elasticsearch. `dated indices`: its name contains `{yyyy.MM.dd}`. `indices by
 * field`: it contains a field.
 */
export const targetKinds = [
  "absent",
  "index",
  "dated indices",
  "indices by field",
  "alias",
  "data stream",
] as const;
export type TargetKind = (typeof targetKinds)[number];

/** What one target holds. A member that is not known is null, and `reason` says why. */
export interface Holdings {
  readonly kind: TargetKind | null;
  /** The number of backing indices of a stream, of indices of an alias, or of indices by day or field. */
  readonly generations: number | null;
  readonly documents: number | null;
  /** On disk, of the primary shards. */
  readonly bytes: number | null;
  /** The earliest and the latest `@timestamp`, in milliseconds since the epoch; null also without documents. */
  readonly from: number | null;
  readonly to: number | null;
  /** After how long a stream's lifecycle deletes, in milliseconds; null if it does not, or another one manages the stream. */
  readonly retentionMs: number | null;
  /** Sentences; null if everything is known. */
  readonly reason: string | null;
}

/** Nothing is known. */
export function unknownHoldings(reason: string): Holdings {
  return { ...nothing, kind: null, generations: null, documents: null, bytes: null, reason };
}

/** What does not exist holds nothing. */
export function absentHoldings(): Holdings {
  return { ...nothing, kind: "absent", generations: 0, documents: 0, bytes: 0, reason: null };
}

const nothing = { from: null, to: null, retentionMs: null } as const;

/** A topic's target, as `GET /topics` shows it. */
export interface TargetStatus extends Holdings {
  /** The index, alias or data stream of the specification. */
  readonly name: string;
  /** This topic's part of `documents`; null if no other declared topic shares the target, or if not known. */
  readonly topicDocuments: number | null;
  /** When Elasticsearch said so, in milliseconds since the epoch; null if it did not yet. */
  readonly at: number | null;
  /** One sentence if the target deletes sooner than the topic is read; else null. */
  readonly warning: string | null;
}

/** A topic's status together with what its target holds. */
export interface HeldTopic extends TopicStatus {
  /** Null until Elasticsearch was asked for the first time. */
  readonly target: TargetStatus | null;
}

/** All that a host tells about a topic. */
export interface ListedTopic extends HeldTopic {
  /** Null if it is not rebuilt into another index. */
  readonly rebuild: RebuildStatus | null;
}

/**
 * When the oldest record that a host has still to read was written, in milliseconds since the epoch; null if none is late.
 * @param kind of the target: for dated indices, only partitions with a commit count
 */
export function oldestUnread(
  partitions: readonly PartitionStatus[],
  kind: TargetKind | null,
  now: number,
): number | null {
  const times = partitions.flatMap((one) => {
    const counts = isBehind(one, now) && (kind !== "dated indices" || one.committed !== null);
    return counts ? (one.oldestUnreadAt ?? []) : [];
  });
  return times.length === 0 ? null : Math.min(...times);
}

/**
 * Says if documents of the time that is still to be read are deleted already, or their day's index is gone.
 *
 * The lifecycle of a data stream counts from the rollover of a backing index, not from `@timestamp`: a late record goes to
 * the write index and stays for the whole retention (`DataStreamLifecycleService`, `DataStream.getGenerationLifecycleDate`).
 * So nothing unread is lost; but what was written in time may be gone when the late records arrive.
 *
 * Of dated indices, days that exist no more can be told from days that were never written only if the partition was read
 * before: its earlier records were written to days that are not later.
 * @param index the specification's `index`
 * @param oldestUnreadAt what `oldestUnread` found for this kind of target
 */
export function lateReading(
  index: string,
  { kind, from, retentionMs }: Pick<Holdings, "kind" | "from" | "retentionMs">,
  oldestUnreadAt: number | null,
  now: number,
): string | null {
  if (oldestUnreadAt === null) return null;
  const age = now - oldestUnreadAt;
  if (kind === "data stream" && retentionMs !== null && age > retentionMs) {
    return `the oldest unread record is ${durationText(age)} old, but ${index} keeps only ${durationText(retentionMs)}: documents of that time may be deleted already`;
  }
  if (
    kind !== "dated indices" ||
    from === null ||
    from <= oldestUnreadAt ||
    !(isDocumentTime(from) && isDocumentTime(oldestUnreadAt))
  )
    return null;
  const [unread, first] = [indexForTimestamp(index, oldestUnreadAt), indexForTimestamp(index, from)];
  return unread !== first
    ? `the oldest unread record belongs to ${unread}, but the earliest index with documents is ${first}: if older ones were deleted, they are created again`
    : null;
}

/** `5 generations, 3.1 GiB, 12,400,000 documents from … to …, keeps 30 days`. Leaves out what is not known. */
export function holdingsText({
  kind,
  generations,
  documents,
  bytes,
  from,
  to,
  retentionMs,
}: Holdings): string {
  const span = from === null || to === null ? "" : ` from ${dateText(from)} to ${dateText(to)}`;
  const parts = [
    generations === null || kind === "index" ? [] : generationsText(kind, generations),
    bytes === null ? [] : sizeText(bytes),
    documents === null ? span.trimStart() || [] : `${counted(documents, "document")}${span}`,
    retentionMs === null ? [] : `keeps ${durationText(retentionMs)}`,
  ];
  return parts.flat().join(", ");
}

/** `5 generations`, or `5 indices` if nothing rolls over. */
export function generationsText(kind: TargetKind | null, generations: number): string {
  return kind === "data stream"
    ? counted(generations, "generation")
    : counted(generations, "index", "indices");
}

/** `2026-11-22 14:03 UTC`. A stored time may be beyond what a calendar names. */
function dateText(ms: number): string {
  const date = new Date(ms);
  return Number.isNaN(date.getTime())
    ? `${countText(ms)} ms`
    : `${date.toISOString().slice(0, 16).replace("T", " ")} UTC`;
}
