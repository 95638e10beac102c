import { readDeadLetter, type ReadDeadLetter } from "../../lib/rules/dead-letters/dead-letter-reader.ts";
import type { Specification } from "../../lib/rules/model/declaration.ts";
import { ingestBatch, type IngestBatchDeps } from "../ingest-batch.ts";
import type { BulkAttemptInput, SentEarlier } from "../ingest-batch/bulk-attempt.ts";
import {
  doubtOfAttempt,
  ingestUntilSettled,
  type UntilSettledDeps,
} from "../ingest-batch/ingest-until-settled.ts";

export interface ReingestDeps
  extends Pick<IngestBatchDeps, "bulk" | "now">, Omit<UntilSettledDeps, "ingest"> {
  /** What the topic has sent before. */
  sentBefore(spec: Specification): SentEarlier;
}

/**
 * Ingests records again, and retries what is not their own fault. Writes no dead letters: the records have theirs.
 * @returns the letters that were not written, for records that are still rejected
 * @throws as `ingestUntilSettled`
 */
export async function reingest(
  { spec, records, limits }: Pick<BulkAttemptInput, "spec" | "records" | "limits">,
  deps: ReingestDeps,
): Promise<readonly ReadDeadLetter[]> {
  const { bulk, now, signal } = deps;
  const sent = deps.sentBefore(spec);
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
  await ingestUntilSettled(spec.topic, records, {
    ...deps,
    ingest: (open, attempt) =>
      ingestBatch(
        { spec, records: open, attempt, limits, lastChance: true, doubt: doubtOfAttempt(attempt) },
        { bulk, deadLetters, now, signal, sent },
      ),
  });
  return rejected;
}
