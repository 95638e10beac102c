import { backoffMs, type BackoffRule } from "../../lib/rules/base/backoff.ts";
import { PenstockError } from "../../lib/rules/base/errors.ts";
import { allInDoubt, type Doubt } from "../../lib/rules/offsets/doubts.ts";
import type { OutcomeKind, SourceRecord } from "../../lib/rules/model/record.ts";
import type { IngestBatchResult } from "../ingest-batch.ts";

export interface UntilSettledDeps {
  /** One attempt of `ingestBatch`, dead letters included. @param attempt from 1 */
  ingest(
    records: readonly SourceRecord[],
    attempt: number,
  ): Promise<Pick<IngestBatchResult, "outcomes" | "retry">>;
  /** @throws the signal's reason */
  wait(ms: number, signal: AbortSignal): Promise<void>;
  /** In [0, 1). */
  random(): number;
  readonly signal: AbortSignal;
  /** Called once for each record. */
  onSettled(record: SourceRecord, outcome: OutcomeKind): void;
}

/** A further attempt may meet records of the one before, whose result is unknown. What was there at first is known. */
export function doubtOfAttempt(attempt: number): Doubt | null {
  return attempt === 1 ? null : allInDoubt;
}

const BACKOFF: BackoffRule = { initialMs: 200, maxMs: 5_000 };
/** Attempts without progress, about 20 seconds. A host retries forever, but a person waits for a repair or replay. */
const MAX_FRUITLESS = 8;

/**
 * Ingests records and retries those without an outcome, until every record has one.
 * @throws PenstockError `elasticsearch_unavailable` after several attempts without progress; the signal's reason
 */
export async function ingestUntilSettled(
  topic: string,
  records: readonly SourceRecord[],
  deps: UntilSettledDeps,
): Promise<void> {
  let open = records;
  let fruitless = 0;
  for (let attempt = 1; open.length > 0; attempt += 1) {
    const { outcomes, retry } = await deps.ingest(open, attempt);
    deps.signal.throwIfAborted();
    const before = open.length;
    open = open.filter((record, position) => {
      const outcome = outcomes[position] ?? null;
      if (outcome !== null) deps.onSettled(record, outcome);
      return outcome === null;
    });
    const [first] = open;
    if (first === undefined) return;
    fruitless = open.length < before ? 1 : fruitless + 1;
    if (fruitless >= MAX_FRUITLESS) {
      throw new PenstockError(
        "elasticsearch_unavailable",
        `${open.length} records of topic "${topic}" (the first: partition ${first.partition}, offset ${first.offset}) ` +
          `could not be ingested in ${attempt} attempts: ${retry?.message ?? "no reason was given"}`,
        { retryable: true },
      );
    }
    await deps.wait(backoffMs(BACKOFF, fruitless, deps.random()), deps.signal);
  }
}
