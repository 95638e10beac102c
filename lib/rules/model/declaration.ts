/**
 * Glossary of declarations.
 *
 * - **source**: the config file, or one etcd key.
 * - **declaration**: one entry of a source: a topic or a topic pattern, and how to move it.
 * - **specification**: the settings of one concrete topic, after expanding patterns and choosing a winner.
 */

/** The origin of a declaration. */
export interface SourceRef {
  readonly kind: "config" | "etcd";
  /** The file's path, or the etcd key. */
  readonly name: string;
  /** The etcd key's mod revision; null for the config file. */
  readonly revision: number | null;
  /** The entry's position in the source's list, from 0. */
  readonly entry: number;
}

/** Where a group without any commit starts to read: what `parseStartPoint` of lib/rules/offsets understands. */
export type StartAt = string;
/** How a record's value becomes a document. */
export type Format = "text" | "json";

/** What to do with a JSON record that the index's mapping rejects: see lib/rules/json/flattened-json.ts. */
export type Rejected = "dead-letter" | "flatten";

/** The options of a declaration: names checked, defaults filled in. */
export interface TopicOptions {
  /** `log.file.path` of the documents; null if not set. */
  readonly path: string | null;
  /** An index name that may contain `{topic}` and `{yyyy.MM.dd}`; null for the topic's name. */
  readonly index: string | null;
  /** The name of a data stream that may contain `{topic}`, instead of an index; null for an index. */
  readonly dataStream: string | null;
  /** How long the stream keeps documents, such as `30d`; null to set no lifecycle. Only with `dataStream`. */
  readonly retention: string | null;
  readonly startAt: StartAt;
  readonly format: Format;
  /** The JSON field or fields with the event's own time; the first readable one counts. Null for the record's timestamp. */
  readonly timestamp: string | readonly string[] | null;
  /** The JSON field with the log line; null for `message` and the names that loggers use for it. */
  readonly message: string | null;
  /** An Elasticsearch ingest pipeline, if any. */
  readonly pipeline: string | null;
  readonly rejected: Rejected;
  /** True: it is not read; see lib/rules/progress/hold.ts. */
  readonly hold: boolean;
}

export type DeclarationTarget =
  | { readonly kind: "topic"; readonly topic: string }
  | {
      readonly kind: "pattern";
      readonly pattern: string;
      /** Globs of topics that it does not cover. Not part of its identity. */
      readonly exclude?: readonly string[];
    };

export interface Declaration {
  readonly target: DeclarationTarget;
  readonly options: TopicOptions;
  readonly source: SourceRef;
  /** Set once its source no longer contains it: it stays active until then, in milliseconds since the epoch. */
  readonly leavesAtMs?: number;
  /** Other programs' fields in the same entry, if any; see foreign-fields.ts. */
  readonly ignored?: readonly string[];
}

/** An entry or a whole source that was refused. */
export interface Refusal {
  readonly source: SourceRef | Omit<SourceRef, "entry">;
  /** The topic or pattern it names; null if unreadable. */
  readonly name: string | null;
  /** One sentence: the place, the value and the rule. */
  readonly reason: string;
  /** True if its last valid version stays active. */
  readonly lastGoodKept: boolean;
}

/** The settings that the consumer of one concrete topic runs with. */
export interface Specification extends TopicOptions {
  readonly topic: string;
  /** The name to write to, also that of a data stream. `{topic}` is already replaced; may still contain `{yyyy.MM.dd}`. */
  readonly index: string;
  /** The same name if it is a data stream; null for an index. */
  readonly dataStream: string | null;
}

/** The fields that may contain the event's own time, in order; empty if the record's timestamp counts. */
export function timestampFields({ timestamp }: Pick<TopicOptions, "timestamp">): readonly string[] {
  if (timestamp === null) return [];
  return typeof timestamp === "string" ? [timestamp] : timestamp;
}
