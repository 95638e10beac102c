import type { HealthChecks } from "../../functions/health.ts";
import type { PartitionOwner } from "../../lib/rules/group/roster.ts";
import type { Conflict } from "../../lib/rules/declarations/desired.ts";
import type { Refusal, SourceRef } from "../../lib/rules/model/declaration.ts";
import type { ListedTopic } from "../../lib/rules/progress/holdings.ts";
import type { Remedy } from "../../lib/rules/remedies/remedy.ts";
import type { OutcomeCounts, SeenState, TopicStatus } from "../../lib/rules/progress/status.ts";

/**
 * The data of the events of `GET /ui/events?view=…`, as JSON. Types only, shared by the host and the page. Times are in
 * milliseconds since the epoch.
 *
 * | view | events |
 * |---|---|
 * | `overview` | `overview` whenever something in it changed |
 * | `topics` | `topics` once, then `changes` |
 * | `topic&topic=T` | `topic` whenever something in it changed |
 */

/** Equal steps up to and including `endMs`, the newest value last. */
export interface Series {
  readonly endMs: number;
  readonly stepMs: number;
  /** Records with an outcome per second. */
  readonly rate: readonly number[];
  /** Lag of the partitions this host owns; null if unknown for all of them. */
  readonly lag: readonly (number | null)[];
}

/** A topic in trouble. */
export interface TroubledTopic {
  readonly topic: string;
  readonly state: SeenState;
  readonly reason: string | null;
  readonly remedy: Remedy | null;
  /** Since when this host sees that it gets nowhere: from the first refused try on. */
  readonly since: number;
  /** Tries refused since then; 0 if it is in no trouble of that kind. */
  readonly attempts: number;
  /** The partitions of this host with records that wait. */
  readonly waiting: readonly number[];
  /** The timestamp of the oldest record that waits; null if unknown. */
  readonly oldestAt: number | null;
  /** Null if unknown. */
  readonly lag: number | null;
  /** When Kafka may delete the oldest unread record; null if unknown, or if there is no lag. */
  readonly deletableAt: number | null;
  /** One sentence if its target deletes sooner than it is read; null if not, or unknown. */
  readonly warning: string | null;
}

/** How one source of declarations is read. */
export interface SourceView {
  readonly kind: "config" | "etcd";
  /** The file, or the etcd keys. */
  readonly name: string;
  /** Null if not read yet. */
  readonly ok: boolean | null;
  /** One sentence; null if it is ok or was not read yet. */
  readonly error: string | null;
  /** When it was last read without error; null if never. */
  readonly lastSuccess: number | null;
  /** etcd's revision of the current declarations; null for the file, or if never read. */
  readonly revision: number | null;
  /** The number of its current declarations. */
  readonly declarations: number;
}

/** How a host is, in one word and one number. */
export interface Verdict {
  readonly kind: "ok" | "warning" | "bad";
  /** Topics in trouble, failing checks, refused declarations, and one each for dead letters and a mass stop of the last quarter of an hour. */
  readonly count: number;
  /** Refused declarations, without sources that failed as a whole: those are checks. */
  readonly refused: number;
}

/** The answer of `GET /ui/host`, for the header, title and icon of every page. */
export interface HostSummary {
  /** The machine's. */
  readonly name: string;
  readonly version: string;
  readonly startedAt: number;
  readonly verdict: Verdict;
}

export interface OverviewMessage {
  readonly at: number;
  readonly startedAt: number;
  readonly verdict: Verdict;
  readonly checks: HealthChecks;
  /** Records with an outcome per second, over the last step. */
  readonly rate: number;
  /** Of the partitions this host owns; null if unknown for all of them. */
  readonly lag: number | null;
  /** How long the slowest partition with lag has made no progress; null if none has lag. */
  readonly waitingMs: number | null;
  readonly inFlight: { readonly bytes: number; readonly maxBytes: number };
  readonly counts: TopicStatus["counts"];
  /** When a record was last dead-lettered; null if none was since the start. */
  readonly deadLetteredAt: number | null;
  /** Topics that were stopped at once because their declarations are gone, of the last day; null if there are none. */
  readonly massStop: { readonly at: number; readonly topics: number } | null;
  readonly lostOffsets: number;
  readonly states: Readonly<Record<SeenState, number>>;
  /** How many topics try records again, by who does not take them: Kafka is to take dead letters. */
  readonly notTaken: { readonly elasticsearch: number; readonly kafka: number };
  /** The topics with the most records since the host started. */
  readonly busiest: readonly Pick<TopicRow, "topic" | "index" | "source" | "rate" | "lag" | "indexed">[];
  /** The first of: failed topics, stalled and retrying ones, then those that are read too late. */
  readonly attention: readonly TroubledTopic[];
  readonly attentionCount: number;
  readonly sources: readonly SourceView[];
  /** The first of the refused declarations. */
  readonly refused: readonly Refusal[];
  readonly refusedCount: number;
  readonly conflicts: number;
  readonly history: Series;
}

/** One line of the table of topics. */
export interface TopicRow extends OutcomeCounts {
  readonly topic: string;
  readonly state: SeenState;
  readonly reason: string | null;
  /** What mends it, in one sentence. */
  readonly remedy: string | null;
  readonly since: number;
  /** The source of the winning declaration. */
  readonly source: SourceRef | null;
  readonly index: string;
  readonly owned: number;
  readonly partitions: number;
  /** Null if unknown. */
  readonly lag: number | null;
  readonly rate: number;
}

export interface TopicsMessage {
  readonly at: number;
  readonly rows: readonly TopicRow[];
  /** The latest rates of each row that had any, oldest first, one per step. */
  readonly sparks: readonly (readonly [topic: string, rates: readonly number[]])[];
}

/** The changes since the previous message. */
export interface ChangesMessage {
  readonly at: number;
  /** Whether a step of the rates has ended, so that every row's rate is a new point. */
  readonly stepped: boolean;
  /** The changed members of a row, or all if it is new. Not an object, because `__proto__` is a topic name too. */
  readonly rows: readonly (readonly [topic: string, members: Partial<TopicRow>])[];
  readonly gone: readonly string[];
}

export interface TopicMessage {
  readonly at: number;
  /** Null if this host has no such topic. */
  readonly status: ListedTopic | null;
  readonly rate: number;
  readonly history: Series;
  /** Who reads each partition; null within: nobody. Null if Kafka did not say yet who is in the group. */
  readonly owners: readonly (PartitionOwner | null)[] | null;
  /** Other declarations of the topic that differ. */
  readonly conflicts: readonly Conflict[];
}
