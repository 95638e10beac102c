import type { BulkLimits } from "../lib/rules/bulk/requests.ts";
import type { Specification } from "../lib/rules/model/declaration.ts";
import { messageOf, PenstockError } from "../lib/rules/base/errors.ts";
import type { PartitionBatch } from "../lib/rules/lambda-event.ts";
import { type TemplateRefusals, templateTrouble } from "../lib/rules/template/index-template.ts";
import {
  templateKeyOf,
  type TemplateTarget,
  templateTargetsOf,
} from "../lib/rules/template/template-target.ts";
import type { RetryReason } from "../lib/rules/model/record.ts";
import type { OutcomeCounts } from "../lib/rules/progress/status.ts";
import { withStandIns } from "../lib/rules/time/time-stand-in.ts";
import { allInDoubt } from "../lib/rules/offsets/doubts.ts";
import type { SentEarlier } from "./ingest-batch/bulk-attempt.ts";
import { ingestBatch, type IngestBatchDeps, type IngestBatchResult } from "./ingest-batch.ts";

export interface IngestEventInput {
  readonly batches: readonly PartitionBatch[];
  readonly limits: BulkLimits;
}

export interface IngestEventDeps extends Omit<IngestBatchDeps, "sent"> {
  /** What the topic has sent before. */
  sentBefore(spec: Specification): SentEarlier;
  /** Current settings of a topic; null if it is not declared. */
  specificationOf(topic: string): Specification | null;
  /** Makes the templates cover the targets. @returns by key those they cannot cover, and why. @throws PenstockError */
  ensureTemplate(targets: readonly TemplateTarget[], signal: AbortSignal): Promise<TemplateRefusals>;
}

/** Why records failed. */
export interface FailureReason {
  readonly code: RetryReason["code"] | "not_declared";
  /** One sentence for a person. */
  readonly message: string;
}

/** Records of one partition that the sender must send again. */
export interface FailedRecords extends FailureReason {
  /** `<topic>-<partition>`. */
  readonly name: string;
  /** In the event's order. */
  readonly offsets: readonly number[];
}

export interface IngestEventResult {
  readonly counts: OutcomeCounts;
  /** One entry for each partition with failed records. */
  readonly failed: readonly FailedRecords[];
}

/**
 * Writes the records of an event to Elasticsearch in one bounded attempt, under the same ids as a consumer would.
 * Records already ingested either way are duplicates, not failures. Dead-lettered records are not failures either.
 *
 * The sender may have sent any of them before. So all of them are looked up first where a repeated id may not meet its
 * document: behind an alias or a data stream.
 *
 * Failed records are those that a host would retry; here the sender does. Every failed record is named, so the sender
 * may send only those again, or all from the first one on.
 */
export async function ingestEvent(
  { batches, limits }: IngestEventInput,
  deps: IngestEventDeps,
): Promise<IngestEventResult> {
  const counts = { indexed: 0, duplicate: 0, deadLettered: 0, skipped: 0 };
  const failed: FailedRecords[] = [];
  const specs = new Map(batches.map(({ topic }) => [topic, deps.specificationOf(topic)]));
  const unready = await coverByTemplate([...specs.values()].filter((spec) => spec !== null));

  for (const batch of batches) {
    const { outcomes, reason } = await attempt(batch);
    const offsets: number[] = [];
    for (const [position, { offset }] of batch.records.entries()) {
      const outcome = outcomes[position] ?? null;
      if (outcome === null) offsets.push(offset);
      else counts[outcome === "dead-lettered" ? "deadLettered" : outcome] += 1;
    }
    if (offsets.length === 0) continue;
    if (reason === null) throw new Error("an attempt left records without an outcome and without a reason");
    failed.push({ name: batch.name, offsets, ...reason });
  }
  return { counts, failed };

  async function attempt({ topic, records }: PartitionBatch): Promise<Attempt> {
    const spec = specs.get(topic) ?? null;
    if (spec === null) return { outcomes: [], reason: notDeclared(topic) };
    const reason = unready(spec);
    if (reason !== null) return { outcomes: [], reason };
    const stood = withStandIns(records, null, deps.now()).records;
    const { outcomes, retry } = await ingestBatch(
      { spec, records: stood, attempt: 1, limits, doubt: allInDoubt },
      { ...deps, sent: deps.sentBefore(spec) },
    );
    return { outcomes, reason: retry && { code: retry.code, message: retry.message } };
  }

  /** @returns why a topic may not be written; null if it may */
  async function coverByTemplate(
    wanted: readonly Specification[],
  ): Promise<(spec: Specification) => FailureReason | null> {
    if (wanted.length === 0) return () => null;
    try {
      const refusals = await deps.ensureTemplate(templateTargetsOf(wanted), deps.signal);
      return (spec) => {
        const refusal = refusals.get(templateKeyOf(spec));
        if (refusal === undefined) return null;
        return { code: "other", message: templateTrouble(refusal) };
      };
    } catch (error) {
      if (!deps.signal.aborted && !(error instanceof PenstockError)) throw error;
      const message = templateTrouble(messageOf(error));
      const code = error instanceof PenstockError && !error.retryable ? "other" : "connection";
      return () => ({ code, message });
    }
  }
}

interface Attempt {
  /** By the records' positions; null or absent if failed. */
  readonly outcomes: IngestBatchResult["outcomes"];
  /** Null if none failed. */
  readonly reason: FailureReason | null;
}

function notDeclared(topic: string): FailureReason {
  return { code: "not_declared", message: `topic "${topic}" is not declared, so its index is unknown` };
}
