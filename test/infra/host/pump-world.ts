import { setTimeout as sleep } from "node:timers/promises";
import { bytesOf } from "../../../lib/adapters/kafka/source-record.ts";
import { createBulkGate } from "../../../infra/host/bulk-gate.ts";
import { createByteBudget } from "../../../infra/host/byte-budget.ts";
import { ProgressClock } from "../../../infra/host/progress-clock.ts";
import { createPump } from "../../../infra/host/pump.ts";
import type { AttemptResult, PumpDeps } from "../../../infra/host/pump-deps.ts";
import type { Assignment } from "../../../lib/adapters/kafka/assignment.ts";
import type { FetchedBatch } from "../../../lib/adapters/kafka/fetched-batch.ts";
import { OutcomeMemory } from "../../../lib/rules/outcome-memory.ts";
import type { OutcomeKind, RetryReason, SourceRecord } from "../../../lib/rules/record.ts";
import type { Doubt } from "../../../lib/rules/suspects.ts";
import { sourceRecord } from "../../support/records.ts";

export const busy: RetryReason = { code: "too_many_requests", message: "busy" };
export const allIndexed = (count: number): OutcomeKind[] => Array.from({ length: count }, () => "indexed");

export interface Attempt {
  readonly offsets: readonly number[];
  readonly records: readonly SourceRecord[];
  readonly attempt: number;
  /** Answers: by position; null is tried again. */
  answer(outcomes: readonly (OutcomeKind | null)[]): void;
  indexed(): void;
  throws(error: unknown): void;
}

export interface PumpWorldOptions {
  readonly maxBytes?: number;
  readonly maxDocuments?: number;
  readonly bulkBytes?: number;
  readonly concurrency?: number;
  readonly places?: number;
  /** Instead of answering by hand. */
  readonly ingest?: PumpDeps["ingest"];
}

/** A pump between a port that is answered by hand and commits that are kept. */
export function createPumpWorld(options: PumpWorldOptions = {}) {
  const { maxBytes = 1e6, maxDocuments = 100, bulkBytes = 1e6, concurrency = 4, places = 10 } = options;
  const budget = createByteBudget({ maxBytes, readAhead: maxBytes });
  const attempts: Attempt[] = [];
  const commits: { generation: number; offsets: Record<number, number> }[] = [];
  const log = {
    consumed: 0,
    outcomes: [] as (OutcomeKind | null)[],
    retried: [] as number[],
    gaveWay: [] as (string | null)[],
  };
  const failures = { commit: [] as unknown[], broken: [] as unknown[] };
  /** Where reading was moved to: partition and offset. */
  const sought: [number, number][] = [];
  const kafka = { commit: (): Promise<void> => Promise.resolve() };

  const byHand: PumpDeps["ingest"] = (records, { number: attempt }) => {
    const { promise, resolve, reject } = Promise.withResolvers<AttemptResult>();
    const answer = (outcomes: readonly (OutcomeKind | null)[]): void =>
      resolve({ outcomes, retry: outcomes.includes(null) ? busy : null });
    attempts.push({
      records,
      attempt,
      offsets: records.map(({ offset }) => offset),
      answer,
      indexed: () => answer(allIndexed(records.length)),
      throws: reject,
    });
    return promise;
  };
  const gate = createBulkGate(places);
  const pump = createPump({
    ingest: options.ingest ?? byHand,
    gate,
    share: budget.join(),
    clock: new ProgressClock(),
    memory: new OutcomeMemory(),
    limits: () => ({ maxDocuments, maxBytes: bulkBytes, concurrency }),
    now: Date.now,
    random: () => 0,
    events: {
      consumed: (records) => (log.consumed += records),
      outcomes: (outcomes) => log.outcomes.push(...outcomes),
      retried: (_, records) => log.retried.push(records),
      gaveWay: (fields) => log.gaveWay.push(...fields),
      setAside: () => {},
      commitFailed: (error) => failures.commit.push(error),
      broken: (error) => failures.broken.push(error),
    },
  });

  const assign = (generation: number, committed: Record<number, number | null>): void => {
    const entries = Object.entries(committed).map(
      ([partition, offset]) => [Number(partition), offset] as const,
    );
    const assignment: Assignment = {
      generation,
      partitions: entries.map(([partition]) => partition),
      committed: new Map(entries),
      starts: new Map(),
      checkpoints: new Map(),
      seek: (partition, offset) => void sought.push([partition, offset]),
      async commit(offsets) {
        await kafka.commit();
        commits.push({ generation, offsets: Object.fromEntries(offsets) });
      },
    };
    pump.assign(assignment);
  };
  return { pump, gate, budget, attempts, commits, log, failures, kafka, sought, assign };
}

/** Answers as a pipeline would that refuses the records at these offsets, with what that tells. */
export function refusing(
  records: readonly SourceRecord[],
  isRefused: (record: SourceRecord) => boolean,
  proven: ReadonlyMap<number, unknown>,
): AttemptResult {
  const refused = records.map(isRefused);
  const written = refused.includes(false);
  const doubts = new Map<number, Doubt>();
  const outcomes = refused.map((is, position) => {
    if (!is) return "indexed" as const;
    if (written || proven.has(position)) return "dead-lettered" as const;
    doubts.set(position, { index: "app", status: 500, type: "fail_processor_exception" });
    return null;
  });
  const retry = outcomes.includes(null) ? { code: "server_error" as const, message: "refused" } : null;
  return { outcomes, retry, evidence: { doubts, written: new Set(written ? ["app"] : []) } };
}

/** The memory one record of `batch` takes. */
export const recordBytes = bytesOf(sourceRecord("ten bytes.", {}));

/** Records of these offsets, 10 bytes each. */
export function batch(offsets: readonly number[], changes: Partial<FetchedBatch> = {}): FetchedBatch {
  const partition = changes.partition ?? 0;
  const records = offsets.map((offset) => sourceRecord("ten bytes.", { partition, offset }));
  const end = (offsets.at(-1) ?? -1) + 1;
  return { partition, records, start: offsets[0] ?? end, end, ...changes };
}

/**
 * Reads the partitions as kafkajs does: what is there of one after the other, each fetch beginning with another one, on from
 * where it was moved to, else from where it was read to, whatever became of that.
 * @param logs how many records each partition has, at offsets from 0 on
 * @param most of one partition's records in a fetch
 */
export async function readOn(
  { pump, sought }: Pick<ReturnType<typeof createPumpWorld>, "pump" | "sought">,
  logs: readonly number[],
  signal: AbortSignal,
  most = 100,
): Promise<void> {
  const positions = logs.map(() => 0);
  let moved = 0;
  for (let fetch = 0; !signal.aborted; fetch += 1) {
    for (const [partition, offset] of sought.slice(moved)) positions[partition] = offset;
    moved = sought.length;
    const fetched = logs.flatMap((_, turn) => {
      const partition = (fetch + turn + 1) % logs.length;
      const start = positions[partition] ?? 0;
      const count = Math.min(most, (logs[partition] ?? 0) - start);
      const offsets = Array.from({ length: Math.max(0, count) }, (_none, n) => start + n);
      return count > 0 ? [batch(offsets, { partition })] : [];
    });
    for (const one of fetched) {
      await pump.accept(one, noHeartbeat);
      positions[one.partition] = one.end;
    }
    await sleep(100);
  }
}

export const noHeartbeat = (): Promise<void> => Promise.resolve();
