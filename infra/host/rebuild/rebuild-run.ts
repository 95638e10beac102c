import type { IngestBatchResult } from "../../../functions/ingest-batch.ts";
import { ingestUntilSettled } from "../../../functions/ingest-batch/ingest-until-settled.ts";
import { messageOf, PenstockError } from "../../../lib/rules/base/errors.ts";
import { sleep, type Time } from "../../../lib/rules/base/time.ts";
import type { Specification } from "../../../lib/rules/model/declaration.ts";
import type { OutcomeKind, SourceRecord } from "../../../lib/rules/model/record.ts";
import { withIndex } from "../../../lib/rules/model/specification.ts";
import type { LogRange } from "../../../lib/rules/offsets/position.ts";
import type { Spans, FetchedBatch } from "../../../lib/rules/offsets/span-tracks.ts";
import type { RebuildOrder, RebuildPosition } from "../../../lib/rules/rebuild/rebuild.ts";

/** What one host rebuilds of a topic. Anything else is another run. */
export interface RebuildPart {
  readonly spec: Specification;
  readonly order: RebuildOrder;
  /** The partitions that this host owns. */
  readonly partitions: readonly number[];
}

export interface RebuildRunDeps {
  /** The stored positions, by partition. @throws PenstockError if Kafka does not answer */
  positions(signal: AbortSignal): Promise<ReadonlyMap<number, RebuildPosition>>;
  /** @throws as `positions` */
  store(positions: Iterable<RebuildPosition>, signal: AbortSignal): Promise<void>;
  /** The offset up to which the live index has everything, by partition; null if unknown. */
  committed(partition: number): number | null;
  ranges(signal: AbortSignal): Promise<ReadonlyMap<number, LogRange>>;
  readSpans(
    spans: Spans,
    onBatch: (batch: FetchedBatch) => Promise<void>,
    signal: AbortSignal,
  ): Promise<void>;
  /** One attempt, dead letters included. */
  ingest(
    spec: Specification,
    records: readonly SourceRecord[],
    attempt: number,
    signal: AbortSignal,
  ): Promise<Pick<IngestBatchResult, "outcomes" | "retry">>;
  /** Why the rebuild must not go on; null if it may. */
  fault(): string | null;
  /** {@link RebuildPacer.turn} */
  turn(signal: AbortSignal): Promise<() => void>;
  readonly time: Time;
}

/** Offsets in one turn, shared by the partitions; other rebuilds wait meanwhile. */
const TURN_OFFSETS = 200_000;
const MIN_TURN_OFFSETS = 5_000;
/** Pause between two looks for new records. */
const FOLLOW_MS = 1_000;
/** Pause after a failure. `ingestUntilSettled` has waited 20 s by then. */
const TROUBLE_MS = 2_000;
/** What was done since the last stored position is done again after a crash, without effect. */
const STORE_EVERY_MS = 1_000;
const LAST_STORE_MS = 2_000;
/** Kafka forgets a commit of a group without members after 7 days. */
const STORE_AGAIN_MS = 86_400_000;

/**
 * Reads partitions of a topic from where their rebuild is, and writes the records into the new index; into both indices if
 * either may become the live one. Goes on until aborted, whatever fails. Ids are those of the live index, so records that
 * come twice, after a crash or from two owners for a moment, are duplicates.
 */
export async function runRebuild(
  { spec, order, partitions }: RebuildPart,
  deps: RebuildRunDeps,
  signal: AbortSignal,
): Promise<void> {
  const { time } = deps;
  const at = new Map<number, RebuildPosition>();
  const targets = [order.index, ...(order.both ? [order.old] : [])].map((index) => withIndex(spec, index));
  let storedMs = time.monotonicMs();
  let isStored = true;

  const store = async (until: AbortSignal): Promise<void> => {
    storedMs = time.monotonicMs();
    isStored = true;
    try {
      await deps.store(at.values(), until);
    } catch (error) {
      isStored = false;
      throw error;
    }
  };
  const move = (position: RebuildPosition): void => {
    at.set(position.partition, position);
    isStored = false;
  };

  const open = async (): Promise<void> => {
    const stored = await deps.positions(signal);
    const log = await deps.ranges(signal);
    for (const partition of partitions) {
      const known = stored.get(partition);
      const start = known?.start ?? log.get(partition)?.start ?? 0;
      let next = known?.next ?? start;
      // From here on the live index may change: the one before it must get what it did not get as the live one.
      if (order.both && known?.both !== true)
        next = Math.max(start, Math.min(next, deps.committed(partition) ?? start));
      const counts = known?.counts ?? { indexed: 0, duplicate: 0, deadLettered: 0, skipped: 0 };
      const { id, both } = order;
      const { reached = false, lost = 0 } = known ?? {};
      move({ id, partition, start, next, both, reached, counts, lost, trouble: null });
    }
    await store(signal);
  };

  /** @returns false if there was nothing to read */
  const round = async (): Promise<boolean> => {
    const log = await deps.ranges(signal);
    const most = Math.max(MIN_TURN_OFFSETS, Math.floor(TURN_OFFSETS / at.size));
    const spans = new Map<number, { start: number; end: number }>();
    for (const position of at.values()) {
      const { start, end } = log.get(position.partition) ?? { start: 0, end: 0 };
      const gone = Math.max(0, start - position.next);
      if (gone > 0) move({ ...position, next: start, lost: position.lost + gone });
      const next = position.next + gone;
      if (next < end) spans.set(position.partition, { start: next, end: Math.min(end, next + most) });
    }
    if (spans.size > 0) await deps.readSpans(spans, take, signal);
    for (const [partition, { end }] of spans) advance(partition, end, []);
    for (const position of at.values()) {
      const reached = position.reached || position.next >= (log.get(position.partition)?.end ?? 0);
      if (position.trouble !== null || reached !== position.reached)
        move({ ...position, reached, trouble: null });
    }
    if (!isStored || time.monotonicMs() - storedMs > STORE_AGAIN_MS) await store(signal);
    return spans.size > 0;
  };

  const take = async ({ partition, end, records }: FetchedBatch): Promise<void> => {
    const outcomes: OutcomeKind[] = [];
    for (const target of targets) {
      const fault = deps.fault();
      if (fault !== null) throw new PenstockError("elasticsearch_refused", fault);
      await ingestUntilSettled(spec.topic, records, {
        ingest: (open, attempt) => deps.ingest(target, open, attempt, signal),
        wait: (ms, until) => sleep(time, ms, until),
        random: () => time.random(),
        signal,
        onSettled: (_, outcome) => void (target.index === order.index && outcomes.push(outcome)),
      });
    }
    advance(partition, end, outcomes);
    if (time.monotonicMs() - storedMs >= STORE_EVERY_MS) await store(signal);
  };

  const advance = (partition: number, end: number, outcomes: readonly OutcomeKind[]): void => {
    const position = at.get(partition);
    if (position === undefined || (end <= position.next && outcomes.length === 0)) return;
    const counts = { ...position.counts };
    for (const outcome of outcomes) counts[outcome === "dead-lettered" ? "deadLettered" : outcome] += 1;
    move({ ...position, next: Math.max(position.next, end), counts, trouble: null });
  };

  const tellTrouble = async (thrown: unknown): Promise<void> => {
    for (const position of at.values()) move({ ...position, trouble: messageOf(thrown) });
    // Kafka may be what fails; then nobody can be told through it.
    if (at.size > 0) await store(signal).catch(() => {});
    await sleep(time, TROUBLE_MS, signal);
  };

  let isOpen = false;
  while (!signal.aborted) {
    try {
      if (!isOpen) await open();
      isOpen = true;
      const leave = await deps.turn(signal);
      let isBehind: boolean;
      try {
        isBehind = await round();
      } finally {
        leave();
      }
      if (!isBehind) await sleep(time, FOLLOW_MS, signal);
    } catch (error) {
      // Rejects only when aborted, and the loop checks for that.
      if (!signal.aborted) await tellTrouble(error).catch(() => {});
    }
  }
  // The next owner then begins where this one ended, and not a second before.
  if (!isStored) await store(AbortSignal.timeout(LAST_STORE_MS)).catch(() => {});
}
