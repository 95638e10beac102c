import { setTimeout as sleep } from "node:timers/promises";
import type { Assignment } from "../../lib/adapters/kafka/assignment.ts";
import { bytesOfAll, detached } from "../../lib/adapters/kafka/source-record.ts";
import { abortable } from "../../lib/rules/abortable.ts";
import { loadToldBy } from "../../lib/rules/bulk/pace.ts";
import { backoffMs, type BackoffRule } from "../../lib/rules/backoff.ts";
import { messageOf } from "../../lib/rules/errors.ts";
import { smallestFetchBytes } from "../../lib/rules/fetch-size.ts";
import {
  countRecords,
  eachOutcome,
  type OutcomeKind,
  type RetryReason,
  type SourceRecord,
} from "../../lib/rules/record.ts";
import { stalledAfterMs, toldAfterMs } from "../../lib/rules/stall.ts";
import { Suspects } from "../../lib/rules/suspects.ts";
import { Attempts } from "./attempts.ts";
import type { Leave } from "./bulk-gate.ts";
import { createCommitter } from "./committer.ts";
import type { Pump, PumpDeps } from "./pump-deps.ts";
import { RecordQueue } from "./record-queue.ts";
import { PartitionLedger } from "./partition-ledger.ts";

const RETRY_BACKOFF: BackoffRule = { initialMs: 200, maxMs: 10_000 };
const HOLD_BACK_MS = 1_000;
/** Of a rebalance: all members of the group wait so long, for what takes many times as long to read and send again. */
const SETTLE_MS = 5_000;
/** Above what the largest share of memory holds of ordinary log lines, so that nothing but a stuck record meets it. */
const MAX_PENDING_RECORDS = 250_000;

export function createPump(deps: PumpDeps): Pump {
  const { events, share, gate } = deps;
  const ledger = new PartitionLedger(deps.clock, deps.memory);
  const committer = createCommitter({
    ledger,
    now: deps.now,
    onFailed: (error) => events.commitFailed(error),
  });
  const life = new AbortController();
  /** Ends with the generation: what was fetched before it is read again, so waiting for it makes no sense. */
  let epoch = new AbortController();
  /** The one in which what is about to be accepted was decoded. */
  let decodedIn: AbortController | null = null;
  const queue = new RecordQueue();
  const attempts = new Attempts((bytes) => share.idle(bytes));
  const suspects = new Suspects();
  let draining = false;
  let rejoining = false;
  /** True: a rebalance took the right to commit from records that were sent. */
  let cutOff = false;
  let dispatching = false;
  let trouble: RetryReason | null = null;
  /** Since when records have been tried again and none got an outcome, rebalances in between included. */
  let troubledSinceMs: number | null = null;
  /** When a record last got an outcome, or the first of several was sent. */
  let progressAt = deps.now();
  /** True: it stalled, so it holds no more than one small fetch until a record gets an outcome again. */
  let probing = false;
  let assignment: Assignment | null = null;

  /** Sends until nothing is queued; one dispatch at a time, so the topic waits for one place of the gate at a time. */
  const dispatch = async (): Promise<void> => {
    if (dispatching) return;
    dispatching = true;
    try {
      while (queue.length > 0 && !life.signal.aborted) {
        if (attempts.outdated > 0 || attempts.count - attempts.waiting >= deps.limits().concurrency) {
          await attempts.changed;
          continue;
        }
        const leave = await gate.enter(life.signal, trouble !== null);
        if (attempts.outdated > 0) {
          leave();
          continue;
        }
        const taken = queue.take(deps.limits());
        const chunk = ledger.send(taken);
        if (chunk.length < taken.length) {
          share.give(bytesOfAll(taken) - bytesOfAll(chunk));
          committer.schedule();
        }
        if (chunk.length === 0) leave();
        else void send(chunk, leave, epoch.signal).catch(fail);
      }
    } catch (error) {
      fail(error);
    } finally {
      dispatching = false;
    }
  };

  const fail = (error: unknown): void => {
    if (!life.signal.aborted) events.broken(error);
  };

  /** Tries one chunk until each of its records has an outcome, or its generation is over. */
  const send = async (
    chunk: readonly SourceRecord[],
    firstLeave: Leave,
    generation: AbortSignal,
  ): Promise<void> => {
    if (attempts.count === 0) progressAt = deps.now();
    const own = attempts.begin(generation);
    let leave = firstLeave;
    let left = chunk;
    try {
      for (let number = 1; left.length > 0; number += 1) {
        const start = suspects.begin(left);
        const result = await deps.ingest(left, { number, ...start }, life.signal);
        const { outcomes, retry, evidence, gaveWay } = result;
        leave(loadToldBy(retry));
        if (gaveWay !== undefined && gaveWay.size > 0) events.gaveWay(gaveWay.values());
        if (evidence !== undefined) suspects.end(start, left, outcomes, evidence);
        left = settle(left, outcomes, generation);
        if (left.length === 0 || generation.aborted) break;
        if (retry === null)
          throw new Error("an attempt left records without an outcome and without a reason");
        trouble = retry;
        troubledSinceMs ??= deps.now();
        events.retried(retry, left.length);
        if (suspects.holds(left)) own.wait(bytesOfAll(left));
        if (!draining && deps.now() - progressAt >= stalledAfterMs && (!probing || !attempts.mayWait)) shed();
        await sleep(backoffMs(RETRY_BACKOFF, number, deps.random()), undefined, { signal: generation });
        leave = await gate.enter(generation, true);
      }
    } catch (error) {
      if (!generation.aborted) throw error;
    } finally {
      leave();
      share.give(bytesOfAll(left));
      own.end();
      const isWell = left.length === 0 && attempts.waiting === 0;
      if (isWell) trouble = troubledSinceMs = null;
    }
  };

  const beginEpoch = (why: string): void => {
    epoch.abort(new Error(why));
    epoch = new AbortController();
    attempts.outdate();
    share.give(queue.drop());
  };

  /**
   * Lets go of everything that waits for an outcome, so that a topic which stands still takes no memory from the others.
   * Kafka keeps it: it is read again from the first record without an outcome, a little at a time. And again where all that
   * may wait does: what comes in another order, or was written meanwhile, may tell whose fault it is.
   */
  const shed = (): void => {
    probing = true;
    beginEpoch("the topic stalled");
    for (const [partition, offset] of ledger.rewind()) assignment?.seek(partition, offset);
  };

  /** Books the outcomes. @returns the records to try again */
  const settle = (
    records: readonly SourceRecord[],
    outcomes: readonly (OutcomeKind | null)[],
    generation: AbortSignal,
  ): SourceRecord[] => {
    const again: SourceRecord[] = [];
    const settled: SourceRecord[] = [];
    for (const [position, record] of records.entries())
      ((outcomes[position] ?? null) === null ? again : settled).push(record);
    for (const { setAside } of settled) if (setAside !== undefined) events.setAside(setAside);
    if (generation.aborted) ledger.remember(settled);
    else ledger.resolve(settled);
    share.give(bytesOfAll(settled));
    if (again.length < records.length) {
      progressAt = deps.now();
      troubledSinceMs = null;
      probing = false;
    }
    events.outcomes(eachOutcome(records, outcomes));
    committer.schedule();
    // What stays must not keep the fetch of those that went in memory.
    return again.length < records.length ? again.map(detached) : again;
  };

  /** While it probes, one batch at a time is enough, beside those that wait for what the next tell; and none heaps up more. */
  const isFull = (): boolean =>
    (probing && (queue.length + attempts.count > attempts.waiting || !attempts.mayWait)) ||
    ledger.pending >= MAX_PENDING_RECORDS;

  const untilSettled = async (heartbeat: () => Promise<void>): Promise<void> => {
    while (isFull() && !life.signal.aborted) {
      await Promise.race([attempts.changed, sleep(HOLD_BACK_MS)]);
      if (!life.signal.aborted) await heartbeat();
    }
  };

  /** Fetches nothing more, and stays a member of the group, until the pump is closed. */
  const holdBack = async (heartbeat: () => Promise<void>): Promise<void> => {
    while (!life.signal.aborted) {
      // Ends early only when the pump is closed, which the condition sees.
      await sleep(HOLD_BACK_MS, undefined, { signal: life.signal }).catch(() => {});
      if (!life.signal.aborted) await heartbeat();
    }
  };

  return {
    assign(next) {
      rejoining = false;
      cutOff = attempts.count > 0 || ledger.uncommitted().size > 0;
      beginEpoch("the group was rebalanced");
      trouble = null;
      progressAt = deps.now();
      probing = false;
      assignment = next;
      suspects.keep(next.committed);
      ledger.assign(next, deps.now());
      committer.assign(next);
      // Where reading begins elsewhere than at what was committed, that is to be kept.
      committer.schedule();
    },
    async beforeRejoin() {
      rejoining = true;
      share.give(queue.drop());
      const limit = AbortSignal.any([life.signal, AbortSignal.timeout(SETTLE_MS)]);
      try {
        // What is tried again may be tried for hours.
        while (attempts.count > attempts.waiting && trouble === null)
          await abortable(attempts.changed, limit);
        await abortable(committer.commitNow(), limit);
        // It is about to leave: to join once more would make the others wait.
        if (draining) await abortable(new Promise(() => {}), limit);
      } catch (error) {
        if (!limit.aborted) throw error;
      }
    },
    async decode(batch, heartbeat) {
      decodedIn = epoch;
      if (draining) await holdBack(heartbeat);
      await untilSettled(heartbeat);
      return share.decode(batch, heartbeat, life.signal);
    },
    async accept(batch, heartbeat) {
      if (draining) await holdBack(heartbeat);
      if (life.signal.aborted) return;
      const fetchedIn = decodedIn ?? epoch;
      decodedIn = null;
      await untilSettled(heartbeat);
      const bytes = bytesOfAll(batch.records);
      try {
        await share.take(bytes, heartbeat, life.signal);
      } catch (error) {
        if (life.signal.aborted) return;
        throw error;
      }
      let taken = false;
      try {
        taken = !(draining || rejoining || fetchedIn !== epoch) && ledger.expect(batch);
      } finally {
        if (!taken) share.give(bytes);
      }
      if (!taken) {
        // kafkajs reads on behind it.
        if (ledger.isNext(batch)) assignment?.seek(batch.partition, batch.start);
        return;
      }
      events.consumed(countRecords(batch.records));
      queue.push(ledger.withStandIns(batch, deps.now()));
      if (batch.records.length === 0) committer.schedule();
      else void dispatch();
    },
    observe: (positions) => ledger.observe(positions, deps.now()),
    fetchBytes: () => (probing ? smallestFetchBytes : share.nextFetchBytes()),
    partitions: () => ledger.status(),
    get trouble() {
      if (trouble !== null) return { sinceMs: troubledSinceMs ?? progressAt, message: trouble.message };
      const isSilent = attempts.count > 0 && deps.now() - progressAt >= toldAfterMs;
      return isSilent ? { sinceMs: progressAt, message: null } : null;
    },
    async drain(signal) {
      draining = true;
      cutOff = false;
      share.give(queue.drop());
      try {
        while (attempts.count > 0) await abortable(attempts.changed, signal);
        await committer.flush(signal);
        return !cutOff && ledger.sentIsCommitted;
      } catch (error) {
        if (!signal.aborted) throw new Error(`draining failed: ${messageOf(error)}`, { cause: error });
        return false;
      }
    },
    close() {
      life.abort(new Error("the pump was closed"));
      epoch.abort(life.signal.reason);
      ledger.rememberKnown();
      committer.close();
      share.give(queue.drop());
      share.leave();
    },
  };
}
