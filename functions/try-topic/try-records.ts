import type { BulkLimits } from "../../lib/rules/bulk/requests.ts";
import { readDeadLetter } from "../../lib/rules/dead-letters/dead-letter-reader.ts";
import { documentId } from "../../lib/rules/documents/document-id.ts";
import type { Specification } from "../../lib/rules/model/declaration.ts";
import type { BoundedIndices } from "../../lib/rules/model/record-index.ts";
import type { RetryReason, SourceRecord } from "../../lib/rules/model/record.ts";
import type { ServerError } from "../../lib/rules/outcomes/bulk-answer.ts";
import { rejectedField } from "../../lib/rules/outcomes/rejected-field.ts";
import { mappingOf } from "../../lib/rules/json/object.ts";
import { fieldsThatGaveWay } from "../../lib/rules/search/hits/ignored-fields.ts";
import { withStandIns } from "../../lib/rules/time/time-stand-in.ts";
import type { SummedRecord } from "../../lib/rules/trial/summary.ts";
import type { TrialDocument, TrialFindings } from "../../lib/rules/trial/findings.ts";
import type { TriedOutcome, TriedReason } from "../../lib/rules/trial/tried.ts";
import { ingestBatch, type IngestBatchDeps, type IngestBatchResult } from "../ingest-batch.ts";

/** Takes bulk requests in Elasticsearch's place, and finds out what it would do with them. */
export interface Trial {
  readonly bulk: IngestBatchDeps["bulk"];
  /** Those that fields choose; null or absent: no field does. */
  readonly indices?: BoundedIndices | null;
  /** Called once after the last bulk. @throws only the signal's reason */
  findings(signal: AbortSignal): Promise<TrialFindings>;
  /** Removes everything it created, also after a failure. @returns what is left behind, in sentences */
  close(): Promise<readonly string[]>;
}

export interface TryRecordsInput {
  readonly spec: Specification;
  /** With stand-ins for missing times; see {@link withTimes}. */
  readonly records: readonly SourceRecord[];
  readonly limits: BulkLimits;
}

export interface TryRecordsDeps {
  openTrial(spec: Specification): Trial;
  /** Milliseconds since the epoch. */
  now(): number;
  readonly signal: AbortSignal;
}

export interface TriedRecords {
  /** By the records' positions. */
  readonly records: readonly SummedRecord[];
  readonly findings: TrialFindings;
  /** What the trial left behind, in sentences. */
  readonly leftBehind: readonly string[];
}

/**
 * Finds out what would become of records, in their order. The real ingest code makes the attempt, so forms, dead letters
 * and retries are its own; only `bulk` goes elsewhere.
 * @throws the signal's reason. If Elasticsearch fails, the outcomes are unknown
 */
export async function tryRecords(
  { spec, records, limits }: TryRecordsInput,
  deps: TryRecordsDeps,
): Promise<TriedRecords> {
  const { signal } = deps;
  const refused = new Map<string, ServerError>();
  const trial = deps.openTrial(spec);
  let result: IngestBatchResult;
  let findings: TrialFindings;
  let leftBehind: readonly string[] = [];
  try {
    const store: IngestBatchDeps["deadLetters"]["store"] = (letters) => {
      for (const letter of letters) {
        const reading = readDeadLetter(letter);
        if (reading.kind === "letter")
          refused.set(documentId(spec.topic, reading.letter.record), reading.letter.error);
      }
      return Promise.resolve();
    };
    const { bulk, indices = null } = trial;
    const sent = { indices, mayMove: false, find: () => Promise.resolve(new Set<number>()) };
    result = await ingestBatch(
      { spec, records, attempt: 1, limits },
      { bulk, sent, deadLetters: { store }, now: () => deps.now(), signal },
    );
    signal.throwIfAborted();
    findings = await trial.findings(signal);
  } finally {
    leftBehind = await trial.close();
  }
  const { unknown, blocked, documents } = findings;
  return { records: records.map((record, position) => triedRecord(record, position)), findings, leftBehind };

  function triedRecord(record: SourceRecord, position: number): SummedRecord {
    const id = documentId(spec.topic, record);
    const document = documents.get(id);
    const { outcome, reason } = outcomeOf(position, document, refused.get(id) ?? null);
    const isWritten = outcome === "indexed" || outcome === "gave-way";
    return {
      partition: record.partition,
      offset: record.offset,
      timestamp: record.timestamp < 0 ? null : record.timestamp,
      outcome,
      index: document?.index ?? null,
      document: document?.json ?? null,
      sent: document?.sent ?? null,
      pipelines: document?.pipelines ?? [],
      ignored: isWritten && document !== undefined ? ignoredIn(document) : [],
      reason,
    };
  }

  function outcomeOf(
    position: number,
    document: TrialDocument | undefined,
    rejection: ServerError | null,
  ): { readonly outcome: TriedOutcome; readonly reason: TriedReason | null } {
    const outcome = result.outcomes[position] ?? null;
    if (outcome === "indexed" || outcome === "duplicate") {
      if (!result.gaveWay.has(position)) return { outcome: "indexed", reason: null };
      const field = result.gaveWay.get(position) ?? null;
      return { outcome: "gave-way", reason: { ...reasonOf(document?.error ?? null), field } };
    }
    if (outcome === "dead-lettered") return { outcome, reason: reasonOf(rejection) };
    if (outcome === "skipped") {
      const text = document === undefined ? "the record has no value" : "a pipeline drops it";
      const type = document === undefined ? "no_value" : "dropped";
      return { outcome, reason: { type, text, field: null } };
    }
    const why = unknown ?? document?.untried ?? null;
    if (blocked === null && why !== null)
      return { outcome: "unknown", reason: { type: "not_tried", text: why, field: null } };
    const reason =
      blocked === null ? (document?.error ?? retryError(result.retry)) : { type: "blocked", reason: blocked };
    return { outcome: "waits", reason: reasonOf(reason) };
  }
}

function ignoredIn({ ignored, json }: TrialDocument): readonly string[] {
  return ignored.length === 0 ? [] : fieldsThatGaveWay(ignored, mappingOf(JSON.parse(json)));
}

/** Adds stand-ins for missing times. @param records those of one partition in the order of offsets */
export function withTimes(records: readonly SourceRecord[], readAtMs: number): readonly SourceRecord[] {
  const nearest = new Map<number, number | null>();
  return records.flatMap((record) => {
    const stood = withStandIns([record], nearest.get(record.partition) ?? null, readAtMs);
    nearest.set(record.partition, stood.nearestMs);
    return stood.records;
  });
}

function reasonOf(error: ServerError | null): TriedReason {
  const { type, reason } = error ?? { type: "unknown", reason: "no reason was given" };
  return { type, text: reason, field: rejectedField(reason) };
}

function retryError(retry: RetryReason | null): ServerError | null {
  return retry === null ? null : { type: retry.code, reason: retry.message };
}
