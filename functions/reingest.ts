import { backoffMs, type BackoffRule } from "../lib/rules/backoff.ts";
import type { BulkLimits } from "../lib/rules/bulk/requests.ts";
import { readDeadLetter, type ReadDeadLetter } from "../lib/rules/dead-letter-reader.ts";
import type { Specification } from "../lib/rules/declaration.ts";
import { PenstockError } from "../lib/rules/errors.ts";
import type { OutcomeKind, SourceRecord } from "../lib/rules/record.ts";
import { ingestBatch, type IngestBatchDeps } from "./ingest-batch.ts";

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

const BACKOFF: BackoffRule = { initialMs: 200, maxMs: 5_000 };
/** In a row and without any progress: about 20 seconds. A host goes on for ever; somebody waits for a replay. */
const MAX_FRUITLESS = 8;

/**
 * Brings records in once more, trying again what is not the record's own fault. Writes no dead letters: the records have
 * theirs.
 * @throws PenstockError `elasticsearch_unavailable` where some could not be brought in after several tries; the signal's
 *   reason
 */
export async function reingest(input: ReingestInput, deps: ReingestDeps): Promise<ReingestResult> {
  const { spec, records, limits } = input;
  const outcomes: (OutcomeKind | null)[] = Array.from(records, () => null);
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
  const { bulk, now, signal } = deps;
  let fruitless = 0;
  for (let attempt = 1; ; attempt += 1) {
    const open = [...outcomes.keys()].filter((position) => outcomes[position] === null);
    if (open.length === 0) break;
    const result = await ingestBatch(
      {
        spec,
        records: open.flatMap((position) => records[position] ?? []),
        attempt,
        limits,
        lastChance: true,
      },
      { bulk, deadLetters, now, signal },
    );
    signal.throwIfAborted();
    for (const [at, position] of open.entries()) outcomes[position] = result.outcomes[at] ?? null;
    if (result.retry === null) continue;
    fruitless = result.outcomes.some((outcome) => outcome !== null) ? 1 : fruitless + 1;
    if (fruitless >= MAX_FRUITLESS) {
      throw new PenstockError(
        "elasticsearch_unavailable",
        `records of topic "${spec.topic}" could not be brought in after ${attempt} tries: ${result.retry.message}`,
        { retryable: true },
      );
    }
    await deps.wait(backoffMs(BACKOFF, fruitless, deps.random()), signal);
  }
  return { outcomes: outcomes.filter((outcome) => outcome !== null), rejected };
}
