import { backoffMs, type BackoffRule } from "../../lib/rules/base/backoff.ts";
import { PenstockError } from "../../lib/rules/base/errors.ts";
import type { OutcomeKind, SourceRecord } from "../../lib/rules/model/record.ts";
import type { IngestBatchResult } from "../ingest-batch.ts";

export interface RepairDeps {
  /** One attempt of `ingestBatch`, dead letters included. @param attempt from 1 */
  ingest(
    records: readonly SourceRecord[],
    attempt: number,
  ): Promise<Pick<IngestBatchResult, "outcomes" | "retry">>;
  /** @throws the signal's reason */
  wait(ms: number): Promise<void>;
  /** In [0, 1). */
  random(): number;
  readonly signal: AbortSignal;
  /** How one of them ended. */
  onEnded?(record: SourceRecord, outcome: OutcomeKind): void;
}

const BACKOFF: BackoffRule = { initialMs: 200, maxMs: 5_000 };
/** In a row and without any progress: about 20 seconds. A host goes on for ever; somebody waits for a repair or a replay. */
const MAX_FRUITLESS = 8;

/**
 * Brings records in once more, the way they came in first: what has no outcome is tried again.
 * @throws PenstockError `elasticsearch_unavailable` where some could not be brought in after several tries; the signal's
 *   reason
 */
export async function repairRecords(
  topic: string,
  records: readonly SourceRecord[],
  deps: RepairDeps,
): Promise<Record<OutcomeKind, number>> {
  const counts: Record<OutcomeKind, number> = { indexed: 0, duplicate: 0, "dead-lettered": 0, skipped: 0 };
  let open = records;
  let fruitless = 0;
  for (let attempt = 1; open.length > 0; attempt += 1) {
    const { outcomes, retry } = await deps.ingest(open, attempt);
    deps.signal.throwIfAborted();
    const before = open.length;
    open = open.filter((record, position) => {
      const outcome = outcomes[position] ?? null;
      if (outcome === null) return true;
      counts[outcome] += 1;
      deps.onEnded?.(record, outcome);
      return false;
    });
    if (open.length === 0) break;
    fruitless = open.length < before ? 1 : fruitless + 1;
    if (fruitless >= MAX_FRUITLESS) {
      const first = open[0];
      throw new PenstockError(
        "elasticsearch_unavailable",
        `${open.length} records of topic "${topic}" (the first: partition ${first?.partition}, offset ${first?.offset}) ` +
          `could not be brought in after ${attempt} tries: ${retry?.message ?? "no reason was given"}`,
        { retryable: true },
      );
    }
    await deps.wait(backoffMs(BACKOFF, fruitless, deps.random()));
  }
  return counts;
}
