import type { BulkItem, RequestFailure, ServerError } from "./bulk-answer.ts";
import type { Rejection, RetryReason } from "./record.ts";

/** What an item of a bulk answer means for its record. */
export type ItemVerdict =
  | { readonly kind: "indexed" | "duplicate" | "skipped" }
  | { readonly kind: "rejected"; readonly rejection: Rejection }
  | { readonly kind: "retry"; readonly reason: RetryReason };

export interface ItemContext {
  /** The index the operation named. */
  readonly index: string;
  /** True: the name comes from a date pattern, so that an index can rightly be closed for good. */
  readonly dated: boolean;
  /**
   * True: the same bulk holds another document that this index has, so that index, pipeline and cluster are well and
   * an error that could be anybody's is the record's own.
   */
  readonly othersWritten: boolean;
}

/**
 * Decides what became of a record. Rejected is only what is the record's own fault, because a rejection is final;
 * everything else is retried for as long as it takes.
 */
export function classifyItem(item: BulkItem, context: ItemContext): ItemVerdict {
  const { status } = item;
  const error = item.error ?? { type: "unknown", reason: "" };
  if (status < 300) return { kind: item.result === "noop" ? "skipped" : "indexed" };
  if (status === 409 && error.type === "version_conflict_engine_exception") return { kind: "duplicate" };

  const ownFault =
    (status === 400 && (isDocumentFault(error) || context.othersWritten)) ||
    (context.dated && isClosedForGood(status, error));
  if (ownFault) return { kind: "rejected", rejection: { status, ...error, index: context.index } };
  return { kind: "retry", reason: retryReason(status, error, `index ${context.index}: `) };
}

/** Whether this item shows that the index takes documents: one was written just now, or by an earlier attempt. */
export function showsHealthyIndex(item: BulkItem): boolean {
  return item.status === 201 || item.error?.type === "version_conflict_engine_exception";
}

export type FailureVerdict =
  /** The request is to be halved; if it holds one document, that one is rejected. */
  | { readonly kind: "split"; readonly error: ServerError; readonly status: number }
  /** The request is to be halved; if it holds one document, that one is retried. */
  | { readonly kind: "halve"; readonly reason: RetryReason }
  | { readonly kind: "retry"; readonly reason: RetryReason };

/**
 * What the failure of a whole request means. Besides a request that is too large, one is split where an ingest pipeline
 * is in use and Elasticsearch could not read some document: it then refuses the whole with a 400 and does not say which.
 */
export function classifyFailure(failure: RequestFailure): FailureVerdict {
  if (failure.kind === "answer_too_large")
    return { kind: "halve", reason: { code: "bad_answer", message: failure.message } };
  if (failure.kind !== "response") {
    return { kind: "retry", reason: { code: failure.kind, message: failure.message } };
  }
  const { status, error } = failure;
  if (status === 413) {
    const reason = "the document is larger than Elasticsearch, or a proxy before it, takes";
    return { kind: "split", status, error: { type: "document_too_large", reason } };
  }
  if (status === 400 && error !== null && documentFaults.has(error.type))
    return { kind: "split", status, error };
  return { kind: "retry", reason: retryReason(status, error, "") };
}

/** Error types that speak of nothing but the document: `DocumentParsingException`, `StrictDynamicMappingException`, … */
const documentFaults = new Set([
  "document_parsing_exception",
  "mapper_parsing_exception",
  "mapper_exception",
  "strict_dynamic_mapping_exception",
  "parsing_exception",
  "parse_exception",
  "json_parse_exception",
  "x_content_parse_exception",
  "max_bytes_length_exceeded_exception",
]);

/**
 * Elasticsearch reports other faults of a document as `illegal_argument_exception`, as it does a missing pipeline:
 * only their reasons tell them apart (`MappingLookup.checkLimits`, `Mapper.merge`, `ObjectMapper.merge`, Lucene's `IndexingChain`).
 */
const documentFaultReasons = [
  /^Limit of (total fields|mapping depth|nested fields|field name length|dimension fields) \[/,
  /number of nested documents has exceeded/,
  /^Document contains at least one immense term/,
  /^mapper \[.*\] cannot be changed from type/,
  /^can't merge a non.object mapping/i,
  /^object mapping \[.*\] can't be changed/,
  /^\[?field name|^field name cannot/i,
];

function isDocumentFault(error: ServerError): boolean {
  if (documentFaults.has(error.type)) return true;
  return (
    error.type === "illegal_argument_exception" &&
    documentFaultReasons.some((pattern) => pattern.test(error.reason))
  );
}

/**
 * Whether a record was rejected for how many, how deep or how long its fields are (`MappingLookup.checkLimits`, and the
 * bounds of the JSON parser), which it is not where they are one field.
 */
export function isFieldLimit({ status, reason }: Rejection): boolean {
  return status === 400 && fieldLimits.test(reason);
}

const fieldLimits =
  /Limit of (?:total fields|mapping depth|nested fields|dimension fields) \[|^Field name \[[^]* is longer than the limit of \[|exceeds the maximum allowed \(\d+, from `StreamReadConstraints/;

/**
 * A closed index, or one that an operator blocked for writing. Not a block of the whole cluster (its reason names no
 * index), nor the one that a full disk sets and that goes away by itself (`FORBIDDEN` there is `TOO_MANY_REQUESTS`, 429).
 */
function isClosedForGood(status: number, error: ServerError): boolean {
  if (error.type === "index_closed_exception") return true;
  return status === 403 && error.type === "cluster_block_exception" && error.reason.startsWith("index [");
}

function retryReason(status: number, error: ServerError | null, place: string): RetryReason {
  // The reason of an unknown 400 may quote the document, and no record's content belongs into a log.
  const quotable = error !== null && (status !== 400 || aboutCluster.test(error.reason));
  const message = answeredText(status, quotable || error === null ? error : { ...error, reason: "" });
  return { code: retryCode(status, error), message: place + message };
}

/** What Elasticsearch answered, quoted: only where no record's content can be in it. */
export function answeredText(status: number, error: ServerError | null): string {
  const type = error === null || error.type === "unknown" ? "" : ` ${error.type}`;
  const reason = (error?.reason ?? "") === "" ? "" : `: ${error?.reason.slice(0, MAX_QUOTED)}`;
  return `Elasticsearch answered ${status}${type}${reason}`;
}

const MAX_QUOTED = 500;

/** Reasons of a 400 that speak of the cluster: a missing pipeline, the shard limit, an alias without a write index, a template. */
const aboutCluster =
  /^pipeline with id \[|this action would add \[|no write index is defined|^closed$|^Invalid index name|media.type|^(index|composable) template \[|^only write ops with an op_type of create|^explicit index in bulk|^unknown setting \[|^request \[\/_bulk/i;

function retryCode(status: number, error: ServerError | null): RetryReason["code"] {
  if (error?.type === "cluster_block_exception" || error?.type === "index_closed_exception")
    return "cluster_block";
  if (status === 401 || status === 403) return "unauthorized";
  if (status === 404) return "not_found";
  if (status === 429) return "too_many_requests";
  return status >= 500 ? "server_error" : "other";
}
