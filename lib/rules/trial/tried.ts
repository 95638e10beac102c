import { jsonElements, jsonMembers } from "../json/json-members.ts";
import type { Specification } from "../model/declaration.ts";

/**
 * What would become of a record.
 *
 * - **indexed**: as it is.
 * - **gave-way**: indexed in another form, because the mapping refuses its own.
 * - **skipped**: it has no value, or a pipeline drops it.
 * - **dead-lettered**: refused for its own fault.
 * - **waits**: refused for a reason that is not its own fault; the topic would stall until that is gone.
 * - **unknown**: Elasticsearch could not be asked.
 */
export const triedOutcomes = ["indexed", "gave-way", "skipped", "dead-lettered", "waits", "unknown"] as const;
export type TriedOutcome = (typeof triedOutcomes)[number];

/** One record of the topic, and what would become of it. */
export interface TriedRecord {
  readonly partition: number;
  readonly offset: number;
  /** Milliseconds since the epoch; null if the record has none. */
  readonly timestamp: number | null;
  readonly outcome: TriedOutcome;
  /** Where its document would go; null if it has none. */
  readonly index: string | null;
  /** As JSON, after pipelines, so that numbers keep all their digits; null if there is none. */
  readonly document: string | null;
  /** The pipelines that changed it, in order. */
  readonly pipelines: readonly string[];
  /** Fields of the document that would not be searchable: their values do not fit the mapping, or it is full. */
  readonly ignored: readonly string[];
  /** Why its own form is refused, or why it is skipped or waits; null if it is indexed. */
  readonly reason: TriedReason | null;
}

export interface TriedReason {
  /** Elasticsearch's error type, or one of ours. */
  readonly type: string;
  /** May quote the record. */
  readonly text: string;
  /** The field that it is about; null if it names none. */
  readonly field: string | null;
}

/** Records with the same outcome for the same reason. */
export interface TriedGroup {
  readonly outcome: TriedOutcome;
  readonly type: string;
  readonly field: string | null;
  /** Of the first of them. */
  readonly text: string;
  readonly records: number;
  readonly first: { readonly partition: number; readonly offset: number };
}

/** An index, alias or data stream that documents would go to. */
export interface TriedTarget {
  readonly name: string;
  /** `new` if it does not exist yet. */
  readonly kind: "index" | "alias" | "data stream" | "new";
  readonly records: number;
  /** Fields of its mapping, before and after; null if unknown. */
  readonly fields: { readonly before: number; readonly after: number; readonly limit: number } | null;
}

/** The source of a document's `@timestamp`: `reading` if the record has no time at all. */
export type TimeSource = "field" | "record" | "pipeline" | "reading";

/** The result of a trial. */
export interface TriedTopic {
  readonly spec: Specification;
  /** Partitions of the topic. */
  readonly partitions: number;
  /** Why nothing can be written, or why that is unknown; null: each record was tried. */
  readonly problem: string | null;
  /** What limits the result, in sentences. */
  readonly notes: readonly string[];
  readonly outcomes: Readonly<Record<TriedOutcome, number>>;
  /** Documents by the source of their `@timestamp`. */
  readonly times: Readonly<Partial<Record<TimeSource, number>>>;
  /** Documents by `log.level`, or `none`. */
  readonly levels: Readonly<Record<string, number>>;
  /** Documents by tag. */
  readonly tags: Readonly<Record<string, number>>;
  /** Documents by field that would not be searchable. */
  readonly ignored: Readonly<Record<string, number>>;
  /** The largest first. */
  readonly groups: readonly TriedGroup[];
  readonly targets: readonly TriedTarget[];
  /** The newest first. */
  readonly records: readonly TriedRecord[];
}

/** The result as JSON text, with the documents in it as they are: parsing would lose the last digits of long numbers. */
export function triedAsJson({ records, ...head }: TriedTopic): string {
  const listed = records.map(
    ({ document, ...record }) => `${JSON.stringify(record).slice(0, -1)},"document":${document ?? "null"}}`,
  );
  return `${JSON.stringify(head).slice(0, -1)},"records":[${listed.join(",")}]}`;
}

/** Reads {@link triedAsJson}. @param text trusted to be that */
export function triedFromJson(text: string): TriedTopic {
  // eslint-disable-next-line typescript/no-unsafe-type-assertion -- the host's own answer, of the same version
  const tried = JSON.parse(text) as TriedTopic;
  const listed = jsonElements(jsonMembers(text).get("records")?.rawValue ?? "[]");
  const documents = listed.map((record) => jsonMembers(record).get("document")?.rawValue ?? "null");
  const records = tried.records.map((record, position) => {
    const document = documents[position] ?? "null";
    return Object.assign(record, { document: document === "null" ? null : document });
  });
  return { ...tried, records };
}
