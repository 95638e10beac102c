import type { BulkItem, RequestFailure, ServerError } from "./bulk-answer.ts";
import type { Rejection, RetryReason } from "../model/record.ts";

/** What an item of a bulk answer means for its record. */
export type ItemVerdict =
  | { readonly kind: "indexed" | "duplicate" | "skipped" }
  | { readonly kind: "rejected"; readonly rejection: Rejection }
  /** `suspect`: what the rejection would be, where this may be the record's own fault; evidence decides. Else null. */
  | { readonly kind: "retry"; readonly reason: RetryReason; readonly suspect: Rejection | null };

export interface ItemContext {
  /** The index the operation named. */
  readonly index: string;
  /** True: the name comes from a date pattern, so that an index can rightly be closed for good. */
  readonly dated: boolean;
  /** True: what could be anybody's fault is the record's own without further evidence. */
  readonly lastChance: boolean;
}

/**
 * Decides what became of a record. Rejected is only what is the record's own fault, because a rejection is final;
 * everything else is retried for as long as it takes. What could be anybody's fault is the record's own only on evidence.
 */
export function classifyItem(item: BulkItem, context: ItemContext): ItemVerdict {
  const { status } = item;
  const error = item.error ?? { type: "unknown", reason: "" };
  if (status < 300) return { kind: item.result === "noop" ? "skipped" : "indexed" };
  if (status === 409 && error.type === "version_conflict_engine_exception") return { kind: "duplicate" };

  const rejection = { status, ...error, index: context.index };
  const anybodys = mayBeAnybodys(status, error);
  const ownFault =
    (status === 400 && isDocumentFault(error)) ||
    (anybodys && context.lastChance) ||
    (context.dated && isClosedForGood(status, error));
  if (ownFault) return { kind: "rejected", rejection };
  const reason = retryReason(status, error, `index ${context.index}: `);
  return { kind: "retry", reason, suspect: anybodys ? rejection : null };
}

/** Whether it was written now, as nearly every one is: nothing else is to be decided. */
export function isCreated({ status, result, error, inFailureStore }: BulkItem): boolean {
  return status === 201 && result === "created" && error === null && inFailureStore !== true;
}

/** Whether this item shows that the index takes documents: one was written just now, or by an earlier attempt. */
export function showsHealthyIndex(item: BulkItem): boolean {
  return item.status === 201 || item.error?.type === "version_conflict_engine_exception";
}

/**
 * Whether a refusal can be the document's fault as well as the pipeline's or the index's: a 400 of unknown meaning, and the
 * 500 that a processor ends with where it throws what Elasticsearch has no status for.
 */
function mayBeAnybodys(status: number, { type, reason }: ServerError): boolean {
  return (status === 400 && !clusterFault.test(reason)) || (status === 500 && processorFaults.has(type));
}

/** `fail`, `dissect` without a match, and what Java throws at a value that a processor did not expect. */
const processorFaults = new Set([
  "fail_processor_exception",
  "find_match",
  "dissect_exception",
  "runtime_exception",
  "null_pointer_exception",
  "class_cast_exception",
  "arithmetic_exception",
  "unsupported_operation_exception",
  "array_index_out_of_bounds_exception",
  "index_out_of_bounds_exception",
  "string_index_out_of_bounds_exception",
]);

/** Reasons of a 400 that are never the document's: a missing pipeline, the shard limit, an alias without a write index, a template. */
const clusterFault =
  /^pipeline with id \[|this action would add \[|no write index is defined|media.type|^(index|composable) template \[|^only write ops with an op_type of create|^explicit index in bulk|^unknown setting \[|^request \[\/_bulk|^the answer lacks the header/i;

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
const kindFault = /^mapper \[.*\] cannot be changed from type/;
const documentFaultReasons = [
  /^Limit of (total fields|mapping depth|nested fields|field name length|dimension fields) \[/,
  /number of nested documents has exceeded/,
  /^Document contains at least one immense term/,
  kindFault,
  /^can't merge a non.object mapping/i,
  /^object mapping \[.*\] can't be changed/,
  /^\[?field name|^field name cannot/i,
  // A field that Elasticsearch keeps for itself and no parser refuses: `_primary_term`.
  /^Inconsistency of field data structures across documents for field \[/,
];

function isDocumentFault(error: ServerError): boolean {
  if (documentFaults.has(error.type)) return true;
  return (
    error.type === "illegal_argument_exception" &&
    documentFaultReasons.some((pattern) => pattern.test(error.reason))
  );
}

/**
 * Whether a record was rejected for the shape of its document: the mapping or a parser took a field ill, or there are too
 * many, too deep or too long ones. In another shape the same record may be taken. Not so where it is too large, where its
 * index is closed, or where a pipeline refused it.
 */
export function isShapeFault({ status, type, reason }: Rejection): boolean {
  return status === 400 && isDocumentFault({ type, reason });
}

/**
 * Whether it was rejected for a new field: it has that in two kinds, or a record beside it brought it as another at the
 * same moment.
 */
export function isKindFault({ reason }: Rejection): boolean {
  return kindFault.test(reason);
}

/**
 * A closed index, or one that an operator blocked for writing. Not a block of the whole cluster (its reason names no
 * index), nor the one that a full disk sets and that goes away by itself (`FORBIDDEN` there is `TOO_MANY_REQUESTS`, 429).
 */
function isClosedForGood(status: number, error: ServerError): boolean {
  if (error.type === "index_closed_exception") return true;
  return status === 403 && error.type === "cluster_block_exception" && error.reason.startsWith("index [");
}

function retryReason(status: number, error: ServerError | null, place: string): RetryReason {
  // The reason of an unknown 400, or of a processor, may quote the document, and no record's content belongs into a log.
  const quotable =
    error !== null && (aboutCluster.test(error.reason) || !(status === 400 || mayBeAnybodys(status, error)));
  const message = answeredText(status, quotable || error === null ? error : { ...error, reason: "" });
  return { code: retryCode(status, error), message: place + message };
}

/** What Elasticsearch answered, quoted: only where no record's content can be in it. */
export function answeredText(status: number, error: ServerError | null): string {
  const type = error === null || error.type === "unknown" ? "" : ` ${error.type}`;
  // Of a shard that does not answer in time Elasticsearch goes on with the request, the document in it.
  const said = error?.reason.replace(/,? request: \[.*$/s, "") ?? "";
  const reason = said === "" ? "" : `: ${said.slice(0, MAX_QUOTED)}`;
  return `Elasticsearch answered ${status}${type}${reason}`;
}

const MAX_QUOTED = 500;

/** Reasons of a 400 that speak of the cluster or of a name, and quote no document. */
const aboutCluster = new RegExp(`${clusterFault.source}|^closed$|^Invalid index name`, "i");

function retryCode(status: number, error: ServerError | null): RetryReason["code"] {
  if (error?.type === "cluster_block_exception" || error?.type === "index_closed_exception")
    return "cluster_block";
  if (status === 401 || status === 403) return "unauthorized";
  if (status === 404) return "not_found";
  if (status === 429) return "too_many_requests";
  return status >= 500 ? "server_error" : "other";
}
