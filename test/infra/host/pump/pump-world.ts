import { createBulkGate } from "../../../../infra/host/bulks/bulk-gate.ts";
import { createBulkPost } from "../../../../infra/host/bulks/bulk-post.ts";
import { createByteBudget } from "../../../../infra/host/shares/byte-budget.ts";
import { DecodeTurns } from "../../../../infra/host/shares/decode-turns.ts";
import { createHostCommitter } from "../../../../infra/host/shares/committer.ts";
import type { PumpedRecords } from "../../../../infra/host/ledger/partition-entry.ts";
import { createPump, type PumpDeps } from "../../../../infra/host/pump/pump.ts";
import { ProgressClock } from "../../../../infra/host/ledger/progress-clock.ts";
import type { AttemptResult } from "../../../../infra/host/pump/sending-deps.ts";
import { Tenure } from "../../../../lib/adapters/kafka/group/member/tenure.ts";
import { bytesOf, bytesOfAll } from "../../../../lib/adapters/kafka/queries/source-record.ts";
import type { BulkItem } from "../../../../lib/rules/outcomes/bulk-answer.ts";
import { OutcomeMemory } from "../../../../lib/rules/outcomes/outcome-memory.ts";
import type { OutcomeKind, RetryReason, SourceRecord } from "../../../../lib/rules/model/record.ts";
import type { Doubt } from "../../../../lib/rules/outcomes/suspects.ts";
import { sleep, type Time } from "../../../../lib/rules/base/time.ts";
import { advance, flush } from "../../../support/fake-time.ts";
import { sourceRecord } from "../../../support/records.ts";
import { concrete, lookedUpAt } from "../../../support/looked-up.ts";

export const busy: RetryReason = { code: "too_many_requests", message: "busy" };
export const allIndexed = (count: number): OutcomeKind[] => Array.from({ length: count }, () => "indexed");

/** As bun's fake timers have it. */
export const fakedTime: Time = {
  now: () => Date.now(),
  monotonicMs: () => Date.now(),
  random: () => 0,
  after(ms, act) {
    const timer = setTimeout(act, ms);
    return () => clearTimeout(timer);
  },
};

export interface SentAttempt {
  readonly offsets: readonly number[];
  readonly records: readonly SourceRecord[];
  readonly attempt: number;
  /** Answers: by position; null is tried again. */
  answer(outcomes: readonly (OutcomeKind | null)[]): void;
  indexed(): void;
  throws(error: unknown): void;
}

type Ingest = (
  records: readonly SourceRecord[],
  attempt: Omit<Parameters<PumpDeps["ingest"]>[1], "bulk">,
  signal: AbortSignal,
) => Promise<AttemptResult>;

export interface PumpWorldOptions {
  readonly maxBytes?: number;
  readonly maxDocuments?: number;
  readonly bulkBytes?: number;
  readonly concurrency?: number;
  readonly places?: number;
  /** What is known of the target; absent: it is a concrete index. */
  readonly before?: PumpDeps["before"];
  /** Instead of answering by hand. */
  readonly ingest?: Ingest;
}

/** Records of one partition, as they are read. */
export interface ReadBatch extends PumpedRecords {
  readonly partition: number;
}

/** A pump between a port that is answered by hand and commits that are kept. */
export function createPumpWorld(options: PumpWorldOptions = {}) {
  const { maxBytes = 1e6, maxDocuments = 100, bulkBytes = 1e6, concurrency = 4, places = 10 } = options;
  const budget = createByteBudget({ maxBytes, readAhead: maxBytes });
  const attempts: SentAttempt[] = [];
  /** Where the commits say that records were sent to. */
  const committedTo: (string | null | undefined)[] = [];
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
  /** Partitions of which what was fetched and not taken was let go of. */
  const letGo: number[] = [];
  const kafka = { commit: (): Promise<void> => Promise.resolve() };
  /** By partition: what was owned last, and under which number. */
  const owned = new Map<number, Tenure>();
  const generations = new Map<Tenure, number>();
  /** The offsets of each attempt whose bulk was not sent after all. */
  const unsent: (readonly number[])[] = [];
  let sent = 0;

  const byHand: Ingest = (records, { number: attempt }) => {
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
  const limits = () => ({ maxDocuments, maxBytes: bulkBytes, concurrency });
  /** The answers of attempts, by what stands for them in a body: retries may travel together. */
  const answers = new Map<string, Promise<readonly BulkItem[]>>();
  const post = createBulkPost({
    checkTenures: () => true,
    gate,
    limits,
    turns: new DecodeTurns(),
    time: fakedTime,
    async send(body) {
      const names = String(body).split(";").slice(0, -1);
      const items = await Promise.all(names.map((name) => answers.get(name) ?? Promise.resolve([])));
      return { items: items.flat() };
    },
  });
  const committer = createHostCommitter({
    time: fakedTime,
    async commit(entries) {
      await kafka.commit();
      const byGeneration = new Map<number, Record<number, number>>();
      for (const { tenure, offset, place } of entries) {
        committedTo.push(place);
        const generation = generations.get(tenure) ?? -1;
        byGeneration.set(generation, { ...byGeneration.get(generation), [tenure.partition]: offset });
      }
      for (const [generation, offsets] of byGeneration) commits.push({ generation, offsets });
      return new Map();
    },
  });
  let roomWanted = Promise.withResolvers<void>();
  const share = budget.join(() => {
    roomWanted.resolve();
    roomWanted = Promise.withResolvers();
  });
  const pump = createPump({
    async ingest(records, { number, proven, doubt, bulk }, signal) {
      const name = String((sent += 1));
      const answered = Promise.withResolvers<readonly BulkItem[]>();
      answers.set(name, answered.promise);
      const documentAt = () => ({ index: "app", id: "" });
      const asked = bulk(Buffer.from(`${name};`), {
        operations: records.length,
        pipeline: null,
        pattern: "app",
        documentAt,
        signal,
      });
      try {
        const result = await (options.ingest ?? byHand)(records, { number, proven, doubt }, signal);
        answered.resolve(answerOf(result));
        if ("failure" in (await asked)) unsent.push(records.map(({ offset }) => offset));
        return result;
      } finally {
        answered.resolve([]);
        answers.delete(name);
      }
    },
    post,
    committer,
    share,
    clock: new ProgressClock(),
    memory: new OutcomeMemory(),
    before: options.before ?? concrete,
    limits,
    time: fakedTime,
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

  const disown = (...partitions: readonly number[]): void => {
    const tenures = partitions.flatMap((partition) => owned.get(partition) ?? []);
    for (const tenure of tenures) {
      tenure.end();
      owned.delete(tenure.partition);
    }
    pump.disown(tenures);
  };

  /**
   * @param doubtBelow by partition: below, records may have been sent before
   * @param formerPlace where to, as their commits say
   */
  const own = (
    generation: number,
    committed: Record<number, number | null>,
    doubtBelow: Record<number, number> = {},
    formerPlace: string | null = null,
  ): void => {
    pump.own(
      Object.entries(committed).map(([key, offset]) => {
        const partition = Number(key);
        const tenure = new Tenure("app", partition);
        owned.set(partition, tenure);
        generations.set(tenure, generation);
        const source = {
          heardAtMs: null,
          seek: (to: number) => void sought.push([partition, to]),
          letGo: () => void letGo.push(partition),
        };
        return Object.assign(lookedUpAt(tenure, offset), {
          source,
          doubtBelow: doubtBelow[partition] ?? offset ?? 0,
          place: formerPlace,
        });
      }),
    );
  };

  /** All that was ours is gone, and these are ours. */
  const assign = (generation: number, committed: Record<number, number | null>): void => {
    disown(...owned.keys());
    own(generation, committed);
  };

  /** Hands records over as soon as there is room for them, and lets the pump go on. @returns whether they were taken */
  const accept = async ({ partition, ...records }: ReadBatch): Promise<boolean> => {
    const tenure = owned.get(partition);
    if (tenure === undefined) return false;
    const bytes = bytesOfAll(records.records);
    while (!pump.mayTake(tenure) || share.room(bytes) === 0) {
      if (tenure.ended) return false;
      share.wait();
      await roomWanted.promise;
    }
    const isTaken = pump.take(tenure, records);
    await flush();
    return isTaken;
  };

  const tenures = (...partitions: readonly number[]): Tenure[] =>
    partitions.flatMap((partition) => owned.get(partition) ?? []);

  return {
    pump,
    post,
    gate,
    budget,
    share,
    attempts,
    commits,
    committedTo,
    unsent,
    log,
    failures,
    kafka,
    sought,
    letGo,
    assign,
    own,
    disown,
    accept,
    tenures,
  };
}

function answerOf({ outcomes, retry }: AttemptResult): readonly BulkItem[] {
  const again = retry?.code === "too_many_requests" ? 429 : 500;
  return outcomes.map((outcome) =>
    outcome === null
      ? { status: again, result: null, error: null }
      : { status: 201, result: "created", error: null },
  );
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
export function batch(offsets: readonly number[], changes: Partial<ReadBatch> = {}): ReadBatch {
  const partition = changes.partition ?? 0;
  const records = offsets.map((offset) => sourceRecord("ten bytes.", { partition, offset }));
  const end = (offsets.at(-1) ?? -1) + 1;
  return { partition, records, start: offsets[0] ?? end, end, ...changes };
}

/**
 * Reads the partitions in turns, each fetch beginning with another one, on from where it was moved to, else from where it was
 * read to.
 * @param logs how many records each partition has, at offsets from 0 on
 * @param most of one partition's records in a fetch
 */
export async function readOn(
  { accept, sought }: Pick<ReturnType<typeof createPumpWorld>, "accept" | "sought">,
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
    for (const one of fetched) if (await accept(one)) positions[one.partition] = one.end;
    await sleep(fakedTime, 100);
  }
}

/** The same, of a topic whose first record was written already, so that it may have several bulks under way. */
export async function createWellWorld(options: PumpWorldOptions = {}) {
  const world = createPumpWorld(options);
  world.own(0, { 99: 0 });
  await world.accept(batch([0], { partition: 99 }));
  await flush();
  world.attempts[0]?.indexed();
  await advance(600);
  world.disown(99);
  world.attempts.length = 0;
  world.commits.length = 0;
  Object.assign(world.log, { consumed: 0, outcomes: [], retried: [], gaveWay: [] });
  return world;
}
