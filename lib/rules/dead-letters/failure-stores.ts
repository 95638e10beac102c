import { parseRecordId } from "../documents/document-id.ts";
import { isObject, mappingOf } from "../json/object.ts";

/** A data stream to which topics are written, and its failure store. */
export interface StreamStore {
  readonly stream: string;
  /** The names and patterns by which it was found. */
  readonly targets: readonly string[];
  /** Whether Elasticsearch puts refused documents there; null if it does not say. */
  readonly enabled: boolean | null;
  /** Its indices (`.fs-…`), oldest first. Stay when the store is switched off. */
  readonly indices: readonly string[];
  /** Whether the user may read what lies there (`read_failure_store`). */
  readonly readable: boolean;
  /** Whether the user may delete what lies there (`delete` on its indices). */
  readonly clearable: boolean;
}

/** The data streams among some targets. */
export interface StoreSurvey {
  readonly streams: readonly StreamStore[];
  /** What could not be found out, and why, in sentences. */
  readonly problems: readonly string[];
}

/** Documents in a failure store with the same error type. Times in ISO 8601. */
export interface StoredKind {
  readonly error: string;
  readonly documents: number;
  readonly firstSeen: string;
  readonly lastSeen: string;
  /** The newest one. `id` is the `_id` that it was to have; null if it had none. */
  readonly sample: { readonly id: string | null; readonly reason: string };
}

/** Documents in a failure store. One record leaves a document there each time it is refused. */
export interface StoredFailures {
  readonly documents: number;
  /** Of different ids; approximate above some thousands. */
  readonly records: number;
  /** The most frequent first. */
  readonly kinds: readonly StoredKind[];
  /** Documents of further kinds. */
  readonly otherKinds: number;
}

/** What lies in the failure store of one data stream. */
export interface StoreContents {
  /** With ids of Penstock's form. */
  readonly ours: StoredFailures;
  /** Of other programs. */
  readonly others: StoredFailures;
}

export const noFailures: StoredFailures = { documents: 0, records: 0, kinds: [], otherKinds: 0 };

/** Which of Penstock's documents in a failure store are meant. */
export interface StoredFilter {
  /** Null for all topics. */
  readonly topic: string | null;
  /** The stored error's type, exactly; null for any. */
  readonly error: string | null;
  /** Stored at this time or later, milliseconds since the epoch; null for any. */
  readonly sinceMs: number | null;
}

/** A document in a failure store. */
export interface StoredDocument {
  readonly index: string;
  /** Its own `_id`, which Elasticsearch made. */
  readonly id: string;
  /** The `_id` of the record's document. */
  readonly recordId: string;
}

/** What lies in the failure stores of data streams. All throw `elasticsearch_unavailable` or `elasticsearch_refused`. */
export interface FailureStores {
  /** Finds the data streams among names, aliases and patterns. */
  survey(targets: readonly string[], signal: AbortSignal): Promise<StoreSurvey>;
  /** Counts what lies there. @param topic counts only this topic's among Penstock's; null for all */
  contents(stream: string, topic: string | null, signal: AbortSignal): Promise<StoreContents>;
  /** Passes on Penstock's documents in pages, oldest first, as they were when it began. */
  each(
    stream: string,
    filter: StoredFilter,
    onPage: (documents: readonly StoredDocument[]) => Promise<void>,
    signal: AbortSignal,
  ): Promise<void>;
  /** Finds the documents of these records, also those stored just now. */
  find(stream: string, recordIds: readonly string[], signal: AbortSignal): Promise<readonly StoredDocument[]>;
  /**
   * Deletes documents.
   * @returns how many are gone, and why others are not; null if all are
   */
  remove(documents: readonly StoredDocument[], signal: AbortSignal): Promise<Removal>;
}

export interface Removal {
  readonly removed: number;
  readonly refusal: string | null;
}

const maxKinds = 20;
const timeoutSeconds = 5;

/**
 * The body of a search that counts what lies in a failure store. Of a stored document, only its id, its index and its
 * error are mapped, so Penstock's are known by the form of their ids.
 * @param topic counts only this topic's among Penstock's; null for all
 */
export function contentsBody(topic: string | null): object {
  const kinds = {
    records: { cardinality: { field: "document.id" } },
    kinds: {
      terms: { field: "error.type", size: maxKinds },
      aggs: {
        first: { min: { field: "@timestamp" } },
        last: { max: { field: "@timestamp" } },
        sample: {
          top_hits: {
            size: 1,
            sort: [{ "@timestamp": "desc" }],
            _source: ["document.id", "error.message"],
          },
        },
      },
    },
  };
  return {
    timeout: `${timeoutSeconds}s`,
    size: 0,
    track_total_hits: false,
    aggs: {
      ours: { filter: recordsQuery(topic), aggs: kinds },
      others: { filter: { bool: { must_not: [recordsQuery(null)] } }, aggs: kinds },
    },
  };
}

/** @returns null if it is not an answer to such a search */
export function readContents(answer: unknown): StoreContents | null {
  if (!isObject(answer) || !isObject(answer["aggregations"])) return null;
  const { ours, others } = answer["aggregations"];
  return { ours: readFailures(mappingOf(ours)), others: readFailures(mappingOf(others)) };
}

function readFailures(bucket: Readonly<Record<string, unknown>>): StoredFailures {
  const kinds = mappingOf(bucket["kinds"]);
  const buckets = Array.isArray(kinds["buckets"]) ? (kinds["buckets"] as readonly unknown[]) : [];
  return {
    documents: numberOf(bucket["doc_count"]),
    records: numberOf(mappingOf(bucket["records"])["value"]),
    kinds: buckets.flatMap((kind) => (isObject(kind) ? [readKind(kind)] : [])),
    otherKinds: numberOf(kinds["sum_other_doc_count"]),
  };
}

function readKind(kind: Readonly<Record<string, unknown>>): StoredKind {
  const source = mappingOf(hitsOf(kind["sample"])[0]?.["_source"]);
  const { id } = mappingOf(source["document"]);
  const { message } = mappingOf(source["error"]);
  return {
    error: String(kind["key"]),
    documents: numberOf(kind["doc_count"]),
    firstSeen: timeOf(kind["first"]),
    lastSeen: timeOf(kind["last"]),
    sample: {
      id: typeof id === "string" ? id : null,
      reason: typeof message === "string" ? message.slice(0, maxReason) : "",
    },
  };
}

/** A message may quote the whole document. */
const maxReason = 1_000;

/** A query for Penstock's documents in a failure store. */
export function storedQuery({ topic, error, sinceMs }: StoredFilter): object {
  const since = { "@timestamp": { gte: sinceMs, format: "epoch_millis" } };
  return {
    bool: {
      filter: [
        recordsQuery(topic),
        ...(error === null ? [] : [{ term: { "error.type": error } }]),
        ...(sinceMs === null ? [] : [{ range: since }]),
      ],
    },
  };
}

/** A query for ids as `documentId` writes them, of one topic or of all (null). Lucene's syntax: dots and hyphens of a topic mean something there. */
export function recordsQuery(topic: string | null): object {
  const name = topic === null ? "[a-zA-Z0-9._\\-]+" : topic.replaceAll(/[.-]/g, "\\$&");
  return { regexp: { "document.id": { value: `${name}:[0-9]+:[0-9]+:-?[0-9a-z]+` } } };
}

/**
 * Reads the hits of a search for Penstock's documents; others are left out.
 * @param answer with `_source: ["document.id"]`
 */
export function readStored(answer: unknown): StoredDocument[] {
  return hitsOf(answer).flatMap(({ _index: index, _id: id, _source: source }) => {
    const { id: recordId } = mappingOf(mappingOf(source)["document"]);
    if (typeof index !== "string" || typeof id !== "string" || typeof recordId !== "string") return [];
    return parseRecordId(recordId) === null ? [] : [{ index, id, recordId }];
  });
}

/** The hits of an answer, or of a `top_hits`. */
function hitsOf(answer: unknown): readonly Readonly<Record<string, unknown>>[] {
  const { hits } = mappingOf(mappingOf(answer)["hits"]);
  return Array.isArray(hits) ? (hits as readonly unknown[]).filter(isObject) : [];
}

function numberOf(value: unknown): number {
  return typeof value === "number" ? value : 0;
}

function timeOf(metric: unknown): string {
  return new Date(numberOf(mappingOf(metric)["value"])).toISOString();
}
