import type { BulkLimits } from "../../lib/rules/bulk/requests.ts";
import { readDeadLetter, type ReadDeadLetter } from "../../lib/rules/dead-letters/dead-letter-reader.ts";
import type { Specification } from "../../lib/rules/model/declaration.ts";
import type { OutcomeKind, SourceRecord } from "../../lib/rules/model/record.ts";
import { ingestBatch, type IngestBatchDeps } from "../ingest-batch.ts";
import { repairRecords } from "./repair-records.ts";

export interface ReingestInput {
  readonly spec: Specification;
  readonly records: readonly SourceRecord[];
  readonly limits: BulkLimits;
}

export interface ReingestDeps extends Pick<IngestBatchDeps, "bulk" | "now" | "signal"> {
  /** In [0, 1). */
  random(): number;
  /** @throws the signal's reason */
  wait(ms: number, signal: AbortSignal): Promise<void>;
}

export interface ReingestResult {
  /** By the records' positions. */
  readonly outcomes: readonly OutcomeKind[];
  /** Those that are still the record's own fault, as the letters that were not written. */
  readonly rejected: readonly ReadDeadLetter[];
}

/**
 * Brings records in once more, trying again what is not the record's own fault. Writes no dead letters: the records have
 * theirs.
 * @throws PenstockError `elasticsearch_unavailable` where some could not be brought in after several tries; the signal's
 *   reason
 */
export async function reingest(input: ReingestInput, deps: ReingestDeps): Promise<ReingestResult> {
  const { spec, records, limits } = input;
  const { bulk, now, signal } = deps;
  const outcomes = new Map<SourceRecord, OutcomeKind>();
  const rejected: ReadDeadLetter[] = [];
  const deadLetters: IngestBatchDeps["deadLetters"] = {
    store: (letters) => {
      for (const letter of letters) {
        const reading = readDeadLetter(letter);
        if (reading.kind === "letter") rejected.push(reading.letter);
      }
      return Promise.resolve();
    },
  };
  await repairRecords(spec.topic, records, {
    ingest: (open, attempt) =>
      ingestBatch(
        { spec, records: open, attempt, limits, lastChance: true },
        { bulk, deadLetters, now, signal },
      ),
    wait: (ms) => deps.wait(ms, signal),
    random: () => deps.random(),
    signal,
    onEnded: (record, outcome) => outcomes.set(record, outcome),
  });
  return { outcomes: records.flatMap((record) => outcomes.get(record) ?? []), rejected };
}
