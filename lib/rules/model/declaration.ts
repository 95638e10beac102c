/**
 * Glossary of what is declared.
 *
 * - **source**: the config file, or one etcd key.
 * - **declaration**: one entry of a source, naming a topic or a pattern of topics and how to move it.
 * - **specification**: the settings of one concrete topic, after patterns were expanded and a winner was chosen.
 */

/** Where a declaration stands. */
export interface SourceRef {
  readonly kind: "config" | "etcd";
  /** The file's path, or the etcd key. */
  readonly name: string;
  /** etcd: the key's mod revision. Config file: null. */
  readonly revision: number | null;
  /** The entry's place in the source's list, from 0. */
  readonly entry: number;
}

/** Where a group without any commit begins to read. */
export type StartAt = "earliest" | "latest";
/** How a record's value becomes a document. */
export type Format = "text" | "json";

/** What becomes of a JSON record that its index's mapping refuses: see lib/rules/json/flattened-json.ts. */
export type Rejected = "dead-letter" | "flatten";

/** What a declaration may say of its topic; names checked, defaults filled in. */
export interface TopicOptions {
  /** `log.file.path` of the documents; null: not set. */
  readonly path: string | null;
  /** An index name, may hold `{topic}` and `{yyyy.MM.dd}`; null: the topic's name. */
  readonly index: string | null;
  readonly startAt: StartAt;
  readonly format: Format;
  /** The JSON field that holds the event's own time, or several: the first that can be read; null: the record's timestamp. */
  readonly timestamp: string | readonly string[] | null;
  /** The JSON field that holds the line; null: `message`, or what loggers call it. */
  readonly message: string | null;
  /** An Elasticsearch ingest pipeline; null: none. */
  readonly pipeline: string | null;
  readonly rejected: Rejected;
}

export type DeclarationTarget =
  | { readonly kind: "topic"; readonly topic: string }
  | { readonly kind: "pattern"; readonly pattern: string };

export interface Declaration {
  readonly target: DeclarationTarget;
  readonly options: TopicOptions;
  readonly source: SourceRef;
  /** Its source says it no more, and it is in force until then, milliseconds since the epoch; absent: it stands there. */
  readonly leavesAtMs?: number;
  /** Fields beside it that belong to somebody else, see foreign-fields.ts; absent: none. */
  readonly ignored?: readonly string[];
}

/** An entry, or a whole source, that was not taken; what it said before still holds. */
export interface Refusal {
  readonly source: SourceRef | Omit<SourceRef, "entry">;
  /** The topic or pattern it names, where that could be read. */
  readonly name: string | null;
  /** One sentence: the place, the value and the rule. */
  readonly reason: string;
  /** True: an earlier, valid form of it is still in force. */
  readonly lastGoodKept: boolean;
}

/** The settings of one concrete topic: what its consumer runs by. */
export interface Specification extends TopicOptions {
  readonly topic: string;
  /** `{topic}` already replaced; may still hold `{yyyy.MM.dd}`. Never null. */
  readonly index: string;
}

/** The fields that may hold the event's own time, in order; none: the record's timestamp is its time. */
export function timestampFields({ timestamp }: Pick<TopicOptions, "timestamp">): readonly string[] {
  if (timestamp === null) return [];
  return typeof timestamp === "string" ? [timestamp] : timestamp;
}
