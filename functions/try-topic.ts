import type { BulkLimits } from "../lib/rules/bulk/requests.ts";
import { readDeadLetter } from "../lib/rules/dead-letters/dead-letter-reader.ts";
import { documentId } from "../lib/rules/documents/document-id.ts";
import type { Specification } from "../lib/rules/model/declaration.ts";
import type { BoundedIndices } from "../lib/rules/model/record-index.ts";
import type { RetryReason, SourceRecord } from "../lib/rules/model/record.ts";
import type { ServerError } from "../lib/rules/outcomes/bulk-answer.ts";
import { rejectedField } from "../lib/rules/outcomes/rejected-field.ts";
import { mappingOf } from "../lib/rules/json/object.ts";
import { fieldsThatGaveWay } from "../lib/rules/search/hits/ignored-fields.ts";
import { withStandIns } from "../lib/rules/time/time-stand-in.ts";
import { summarize, type SummedRecord } from "../lib/rules/trial/summary.ts";
import type { TrialDocument, TrialFindings } from "../lib/rules/trial/findings.ts";
import type { TriedOutcome, TriedReason, TriedTopic } from "../lib/rules/trial/tried.ts";
import { ingestBatch, type IngestBatchDeps, type IngestBatchResult } from "./ingest-batch.ts";
import { readNewest, type ReadNewestDeps } from "./try-topic/read-newest.ts";

/** Records of one trial: enough to see what a topic holds, and few enough for one answer. */
export const maxTried = 1_000;
export const defaultTried = 100;
/** How long reading them may take; the rest of a trial is quicker. */
export const readingMs = 20_000;

export interface TryTopicInput {
  readonly spec: Specification;
  /** How many of the newest records, at most {@link maxTried}. */
  readonly last: number;
  readonly limits: BulkLimits;
}

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

export interface TryTopicDeps extends ReadNewestDeps {
  openTrial(spec: Specification): Trial;
  /** Milliseconds since the epoch. */
  now(): number;
}

/**
 * Tries a declaration: reads the newest records of a topic, makes documents of them as a host would, and finds out what
 * Elasticsearch would do with each. Commits nothing, and writes nothing that stays. The topic need not be declared.
 *
 * The real ingest code makes the attempt, so forms, dead letters and retries are its own; only `bulk` goes elsewhere.
 *
 * @throws PenstockError `topic_missing`, `kafka_refused` or `kafka_unavailable`; the signal's reason. If Elasticsearch
 *   fails, the outcomes are unknown, and the documents are returned all the same
 */
export async function tryTopic(
  { spec, last, limits }: TryTopicInput,
  deps: TryTopicDeps,
): Promise<TriedTopic> {
  const { signal } = deps;
  const newest = await readNewest(spec.topic, last, deps);
  // The oldest first, as a host would send them: a mapping learns a field's type from the first document that has it.
  const records = withTimes(newest.records.toReversed(), deps.now());
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
  const tried = records.map((record, position) => triedRecord(record, position));
  return {
    spec,
    partitions: newest.partitions,
    problem: blocked ?? unknown,
    notes: [...newest.notes, ...findings.notes, ...leftBehind],
    ...summarize(tried, spec.format === "json" && spec.timestamp !== null),
    targets: findings.targets.map(({ name, kind, fields }) => {
      const records = tried.filter(({ index }) => index === name).length;
      return { name, kind, records, fields };
    }),
    records: tried.map(({ sent: _sent, ...record }) => record).toReversed(),
  };

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
function withTimes(records: readonly SourceRecord[], readAtMs: number): readonly SourceRecord[] {
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
