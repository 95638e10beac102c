import type { HealthChecks } from "../../functions/health.ts";
import type { Conflict } from "../../lib/rules/declarations/desired.ts";
import type { Refusal, SourceRef } from "../../lib/rules/model/declaration.ts";
import type { TopicState, TopicStatus } from "../../lib/rules/progress/status.ts";

/**
 * What the host tells an open page: the data of the events of `GET /ui/events?view=…`, as JSON. Types only, shared by
 * the host and the page. Times are in milliseconds since the epoch.
 *
 * | view | events |
 * |---|---|
 * | `overview` | `overview` whenever something in it changed |
 * | `topics` | `topics` once, then `changes` |
 * | `topic&topic=T` | `topic` whenever something in it changed |
 */

/** Equal steps up to and including `endMs`; the newest value stands last. */
export interface Series {
  readonly endMs: number;
  readonly stepMs: number;
  /** Records with an outcome per second; 0 where it was the first step. */
  readonly rate: readonly number[];
  /** Offsets behind, of the partitions this host owns; null: of none of them known. */
  readonly lag: readonly (number | null)[];
}

/** A topic that is not as it should be. */
export interface TroubledTopic {
  readonly topic: string;
  readonly state: TopicState;
  readonly reason: string | null;
  /** When it entered this state. */
  readonly since: number;
  /** Null: not known. */
  readonly lag: number | null;
  /** When Kafka may delete the oldest record that waits; null: nobody can tell, or it is not behind. */
  readonly deletableAt: number | null;
}

/** How one source of declarations is read. */
export interface SourceView {
  readonly kind: "config" | "etcd";
  /** The file, or the etcd keys. */
  readonly name: string;
  /** Null: not read yet. */
  readonly ok: boolean | null;
  /** One sentence; null where it is ok or was not read yet. */
  readonly error: string | null;
  /** When it was last read without error; null: never. */
  readonly lastSuccess: number | null;
  /** etcd's, of what is in force; null: of the file, or never read. */
  readonly revision: number | null;
  /** Declarations in force from it. */
  readonly declarations: number;
}

export interface OverviewMessage {
  readonly at: number;
  readonly startedAt: number;
  readonly checks: HealthChecks;
  /** Records with an outcome per second, over the last step. */
  readonly rate: number;
  /** Of the partitions this host owns; null: of none of them known. */
  readonly lag: number | null;
  /** How long the slowest partition with lag has had no progress; null: none has lag. */
  readonly waitingMs: number | null;
  readonly inFlight: { readonly bytes: number; readonly maxBytes: number };
  readonly counts: TopicStatus["counts"];
  readonly lostOffsets: number;
  readonly states: Readonly<Record<TopicState, number>>;
  /** Those that brought most since the host started. */
  readonly busiest: readonly Pick<TopicRow, "topic" | "index" | "source" | "rate" | "lag" | "indexed">[];
  /** The failed ones, the stalled ones, then those that run and try again in vain; the first of them. */
  readonly attention: readonly TroubledTopic[];
  readonly attentionCount: number;
  readonly sources: readonly SourceView[];
  /** What was not taken of the sources; the first of them. */
  readonly refused: readonly Refusal[];
  readonly refusedCount: number;
  readonly conflicts: number;
  readonly history: Series;
}

/** One line of the table of topics. */
export interface TopicRow {
  readonly topic: string;
  readonly state: TopicState;
  readonly reason: string | null;
  readonly since: number;
  /** The winning declaration's. */
  readonly source: SourceRef | null;
  readonly index: string;
  readonly owned: number;
  readonly partitions: number;
  /** Null: not known. */
  readonly lag: number | null;
  readonly rate: number;
  readonly indexed: number;
  readonly duplicate: number;
  readonly deadLettered: number;
  readonly skipped: number;
}

export interface TopicsMessage {
  readonly at: number;
  readonly rows: readonly TopicRow[];
  /** The last rates of each row that had any, oldest first, one a step. */
  readonly sparks: readonly (readonly [topic: string, rates: readonly number[]])[];
}

/** What is other than in the message before. */
export interface ChangesMessage {
  readonly at: number;
  /** True: a step of the rates has ended, so that every row's rate is a new point. */
  readonly stepped: boolean;
  /** The changed members of a topic's row, or all of them where it is new. Not an object: `__proto__` is a topic's name too. */
  readonly rows: readonly (readonly [topic: string, members: Partial<TopicRow>])[];
  readonly gone: readonly string[];
}

export interface TopicMessage {
  readonly at: number;
  /** Null: there is no such topic on this host. */
  readonly status: TopicStatus | null;
  readonly rate: number;
  readonly history: Series;
  /** Other declarations of it that say something else. */
  readonly conflicts: readonly Conflict[];
}
