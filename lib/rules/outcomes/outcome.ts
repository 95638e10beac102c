import type { BulkItem, RequestFailure, ServerError } from "./bulk-answer.ts";
import type { Rejection, RetryReason } from "../model/record.ts";

/** What a bulk item means for its record. */
export type ItemVerdict =
  | { readonly kind: "indexed" | "duplicate" | "skipped" }
  | { readonly kind: "rejected"; readonly rejection: Rejection }
  /** `suspect`: the rejection if evidence shows that this is the record's own fault; null if it cannot be. */
  | { readonly kind: "retry"; readonly reason: RetryReason; readonly suspect: Rejection | null };

export interface ItemContext {
  /** The index that the operation named. */
  readonly index: string;
  /** Whether a date or fields are part of the name, so that old indices, or some of many, may be closed for good. */
  readonly dated: boolean;
  /** Whether to reject without evidence that the fault is the record's own. */
  readonly lastChance: boolean;
}

/**
 * Decides a record's outcome. Only the record's own fault rejects it, because a rejection is final; everything else is
 * retried for as long as it takes. An ambiguous refusal counts as the record's own fault only on evidence.
 */
export function classifyItem(item: BulkItem, context: ItemContext): ItemVerdict {
  const { status } = item;
  const error = item.error ?? { type: "unknown", reason: "" };
  if (status < 300) return { kind: item.result === "noop" ? "skipped" : "indexed" };
  if (status === 409 && error.type === "version_conflict_engine_exception") return { kind: "duplicate" };

  const rejection = { status, ...error, index: context.index };
  const closed = isClosedForGood(status, error);
  // The index that is closed may be the failure store's, and the error in front of it is lost.
  const hidden = closed && item.failureStoreFailed === true;
  const anybodys = !hidden && mayBeAnybodys(status, error);
  const ownFault =
    (status === 400 && isDocumentFault(error)) ||
    (anybodys && context.lastChance) ||
    (context.dated && closed && !hidden);
  if (ownFault) return { kind: "rejected", rejection };
  const reason = retryReason(status, error, context.index);
  return { kind: "retry", reason, suspect: anybodys ? rejection : null };
}

/** Whether the document was created, as nearly all are. Nothing else needs to be decided for it. */
export function isCreated({ status, result, error, inFailureStore }: BulkItem): boolean {
  return status === 201 && result === "created" && error === null && inFailureStore !== true;
}

/** Whether no index template makes a data stream of the name, although the operation demands one (`AutoCreateAction`). */
export function lacksStreamTemplate({ status, error }: BulkItem): boolean {
  return status === 404 && error?.reason.includes("no matching index template with data stream") === true;
}

/**
 * Whether this item shows that the index accepts documents: it was written now, or by an earlier attempt, or it was a
 * witness that only the data stream itself refused.
 */
export function showsHealthyIndex({ status, error }: BulkItem): boolean {
  if (status === 201 || error?.type === "version_conflict_engine_exception") return true;
  return error !== null && onlyCreates.test(error.reason);
}

const onlyCreates = /^only write ops with an op_type of create/;

/**
 * Whether a refusal is ambiguous: the fault may be the document's, the pipeline's or the index's. True of a 400 of
 * unknown meaning, and of the 500 that results from an exception in a processor for which Elasticsearch has no status.
 */
function mayBeAnybodys(status: number, { type, reason }: ServerError): boolean {
  return (status === 400 && !clusterFault.test(reason)) || (status === 500 && processorFaults.has(type));
}

/** `fail`, `dissect` without a match, and Java's exceptions for values that a processor did not expect. */
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

/** Reasons of a 400 never about the document: missing pipeline, shard limit, alias without write index, template. */
const clusterFault =
  /^pipeline with id \[|this action would add \[|no write index is defined|media.type|^(index|composable) template \[|^only write ops with an op_type of create|^explicit index in bulk|^unknown setting \[|^request \[\/_bulk|^the answer lacks the header/i;

export type FailureVerdict =
  /** Halve the request; if it has one document, reject that. */
  | { readonly kind: "split"; readonly error: ServerError; readonly status: number }
  /** Halve the request; if it has one document, retry that. */
  | { readonly kind: "halve"; readonly reason: RetryReason }
  | { readonly kind: "retry"; readonly reason: RetryReason };

/**
 * Decides what to do after a whole request failed. A request is split if it is too large, and also if Elasticsearch
 * could not parse some document: with an ingest pipeline, it refuses the whole request with a 400 and does not say
 * which one.
 */
export function classifyFailure(failure: RequestFailure): FailureVerdict {
  if (failure.kind === "answer_too_large")
    return { kind: "halve", reason: { code: "bad_answer", message: failure.message } };
  if (failure.kind !== "response") {
    return { kind: "retry", reason: { code: failure.kind, message: failure.message } };
  }
  const { status, error } = failure;
  if (status === 413) {
    const reason = "the document is larger than Elasticsearch, or a proxy in front of it, accepts";
    return { kind: "split", status, error: { type: "document_too_large", reason } };
  }
  if (status === 400 && error !== null && documentFaults.has(error.type))
    return { kind: "split", status, error };
  return { kind: "retry", reason: retryReason(status, error, null) };
}

/** Error types that are always about the document: `DocumentParsingException`, `StrictDynamicMappingException`, … */
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
 * Elasticsearch reports other faults of a document as `illegal_argument_exception`, but a missing pipeline too. Only
 * the reasons differ (`MappingLookup.checkLimits`, `Mapper.merge`, `ObjectMapper.merge`, Lucene's `IndexingChain`).
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
  // For a reserved field that no parser refuses: `_primary_term`.
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
 * Whether a record was rejected for the shape of its document: a mapping or parser refused a field, or fields are too
 * many, too deep or too long. The record may be accepted in another shape. That does not help if it is too large, its
 * index is closed, or a pipeline refused it.
 */
export function isShapeFault({ status, type, reason }: Rejection): boolean {
  return status === 400 && isDocumentFault({ type, reason });
}

/**
 * Whether a record was rejected because a new field has conflicting kinds, within the record or in one indexed at the
 * same moment.
 */
export function isKindFault({ reason }: Rejection): boolean {
  return kindFault.test(reason);
}

/**
 * A closed index, one that an operator blocked for writing, or an alias that no index takes writes for. Not a block of the whole cluster (its reason names no
 * index), nor the block of a full disk, which Elasticsearch lifts by itself (a 429, not a 403).
 */
function isClosedForGood(status: number, error: ServerError): boolean {
  if (error.type === "index_closed_exception" || lacksWriteIndex.test(error.reason)) return true;
  return status === 403 && error.type === "cluster_block_exception" && error.reason.startsWith("index [");
}

const lacksWriteIndex = /^no write index is defined/i;

function retryReason(status: number, error: ServerError | null, index: string | null): RetryReason {
  // The reason of an unknown 400, or of a processor, may quote the document, and record content must not be logged.
  const quotable =
    error !== null && (aboutCluster.test(error.reason) || !(status === 400 || mayBeAnybodys(status, error)));
  const shown = quotable || error === null ? error : { ...error, reason: "" };
  const place = index === null ? "" : `index ${index}: `;
  return {
    code: retryCode(status, error),
    message: place + answeredText(status, shown),
    refusal: { status, type: shown?.type ?? "", reason: saidIn(shown), index },
  };
}

/** Quotes Elasticsearch's answer. Pass an error only if it cannot contain record content. */
export function answeredText(status: number, error: ServerError | null): string {
  const type = error === null || error.type === "unknown" ? "" : ` ${error.type}`;
  const said = saidIn(error);
  const reason = said === "" ? "" : `: ${said.slice(0, MAX_QUOTED)}`;
  return `Elasticsearch answered ${status}${type}${reason}`;
}

/** If a shard times out, Elasticsearch appends the request, including the document: it is left out. */
function saidIn(error: ServerError | null): string {
  return error?.reason.replace(/,? request: \[.*$/s, "") ?? "";
}

const MAX_QUOTED = 500;

/** Reasons of a 400 that are about the cluster or a name, and quote no document. */
const aboutCluster = new RegExp(`${clusterFault.source}|^closed$|^Invalid index name`, "i");

function retryCode(status: number, error: ServerError | null): RetryReason["code"] {
  if (error?.type === "cluster_block_exception" || error?.type === "index_closed_exception")
    return "cluster_block";
  if (status === 401 || status === 403) return "unauthorized";
  if (status === 404) return "not_found";
  if (status === 429) return "too_many_requests";
  return status >= 500 ? "server_error" : "other";
}
