import type { SentBefore } from "../../../lib/adapters/elasticsearch/sent/sent-before.ts";
import type { OpenedPartition } from "../../../lib/adapters/kafka/reader/opening.ts";
import type { Settled } from "../../../lib/adapters/elasticsearch/sent/settling.ts";
import { backoffMs, type BackoffRule } from "../../../lib/rules/base/backoff.ts";
import { messageOf, PenstockError } from "../../../lib/rules/base/errors.ts";
import type { Time } from "../../../lib/rules/base/time.ts";
import { placesIn, withFormerPlaces } from "../../../lib/rules/offsets/checkpoint.ts";
import type { PlaceNotes } from "./place-notes.ts";
import type { LookedUpPartition } from "../ledger/partition-entry.ts";

/** Waits for partitions that are looked up; its callbacks may not throw. */
export interface LookUpSink {
  /** False if it is no longer needed, or the partition has been opened anew since. */
  isDue(partition: OpenedPartition): boolean;
  onFound(partitions: readonly LookedUpPartition[]): void;
  /** Called after failed tries, with the reason; it is tried again. */
  onTrouble(reason: string): void;
}

/**
 * Finds out, for newly assigned partitions of one topic, up to where records may have been sent before, and commits where
 * they go from now on.
 */
export interface SentLookUp {
  open(partitions: readonly OpenedPartition[], sink: LookUpSink): void;
  close(): void;
}

export interface SentLookUpDeps {
  readonly before: Pick<SentBefore, "addFormer" | "settle" | "place" | "mayMove">;
  readonly notes: PlaceNotes;
  readonly time: Time;
}

interface Asked {
  readonly partition: OpenedPartition;
  readonly sink: LookUpSink;
}

const AGAIN: BackoffRule = { initialMs: 100, maxMs: 5_000 };
/** Earlier failures are not reported, unless a try took long. */
const TROUBLE_FROM_TRY = 3;
const LONG_MS = 10_000;
/** After this many searches in vain, all records up to the end of the log are doubtful: correct, only slower. */
const MOST_SEARCHES = 5;
const NOTHING: ReadonlyMap<number, number> = new Map();

export function createSentLookUp({ before, notes, time }: SentLookUpDeps): SentLookUp {
  let gathered: Asked[] = [];
  let isClosed = false;
  const retries = new Set<() => void>();

  const round = async (asked: readonly Asked[], tries: number, searches: number): Promise<void> => {
    const isDue = ({ partition, sink }: Asked): boolean => !isClosed && sink.isDue(partition);
    const due = asked.filter(isDue);
    if (due.length === 0) return;
    for (const { partition } of due) before.addFormer(partition.tenure.partition, partition);
    const startedMs = time.monotonicMs();
    let reason: string;
    let searched = searches;
    try {
      const { highest } = await before.settle(spansOf(due), () => due.some(isDue));
      const isVain = highest instanceof PenstockError && highest.code === "elasticsearch_unavailable";
      if (isVain) searched += 1;
      if (!isVain || searched >= MOST_SEARCHES) {
        await handOver(due, isDue, highest);
        return;
      }
      reason = messageOf(highest);
    } catch (error) {
      reason = messageOf(error);
    }
    // Nothing can be written now, but their lag must stay known while Elasticsearch is down.
    const again = due.filter((one) => isDue(one) && !isPlain(one));
    const plain = due.filter(isPlain);
    if (plain.length > 0)
      await handOver(plain, isDue, NOTHING).catch((error: unknown) => {
        reason = messageOf(error);
        again.push(...plain.filter(isDue));
      });
    if (tries >= TROUBLE_FROM_TRY || time.monotonicMs() - startedMs >= LONG_MS)
      for (const sink of new Set(again.map((one) => one.sink)))
        sink.onTrouble(`what was sent before cannot be looked up: ${reason}`);
    if (again.length === 0) return;
    const callOff = time.after(backoffMs(AGAIN, tries, time.random()), () => {
      retries.delete(callOff);
      void round(again, tries + 1, searched);
    });
    retries.add(callOff);
  };

  /** Whether a repeated id meets its document, as far as was known before Elasticsearch failed to answer. */
  const isPlain = ({ partition: { place } }: Asked): boolean =>
    !before.mayMove && (place === null || place === before.place);

  /** @throws Error if it is not committed where these partitions' records go */
  const handOver = async (
    asked: readonly Asked[],
    isDue: (one: Asked) => boolean,
    highest: Settled["highest"],
  ): Promise<void> => {
    const found = new Map(asked.map((one) => [one, lookedUp(one.partition, highest)]));
    await writePlace(asked.filter(isDue).flatMap((one) => found.get(one) ?? []));
    for (const [sink, own] of Map.groupBy(asked.filter(isDue), (one) => one.sink))
      sink.onFound(own.flatMap((one) => found.get(one) ?? []));
  };

  /** @throws Error if it is not committed where these partitions' records go */
  const writePlace = async (partitions: readonly LookedUpPartition[]): Promise<void> => {
    const { place: current } = before;
    if (current === null) return;
    const entries = partitions.flatMap(({ tenure, position, place: former, doubtBelow, marks }) => {
      const isDoubtful = doubtBelow > position.start;
      const place = isDoubtful ? withFormerPlaces(placesIn(former), current) : current;
      return place === former ? [] : [{ tenure, offset: position.start, last: position.check, place, marks }];
    });
    if (entries.length === 0) return;
    const refused = await notes.write(entries);
    for (const { tenure } of entries) {
      const why = tenure.ended ? undefined : refused.get(tenure);
      if (why !== undefined) throw new Error(`where records go could not be committed: ${why}`);
    }
  };

  return {
    open(partitions, sink) {
      if (partitions.length === 0) return;
      const isFirst = gathered.length === 0;
      for (const partition of partitions) gathered.push({ partition, sink });
      // One leader's partitions come one by one within one turn.
      if (!isFirst) return;
      queueMicrotask(() => {
        const asked = gathered;
        gathered = [];
        void round(asked, 1, 0);
      });
    },
    close() {
      isClosed = true;
      for (const callOff of retries) callOff();
    },
  };
}

/** Nothing can have been sent of a partition that is read from its log's end. */
function spansOf(due: readonly Asked[]) {
  return due.flatMap(({ partition: { tenure, position, logEnd } }) =>
    position.start < logEnd ? [{ partition: tenure.partition, start: position.start, end: logEnd }] : [],
  );
}

function lookedUp(opened: OpenedPartition, highest: ReadonlyMap<number, number> | Error): LookedUpPartition {
  const { tenure, position, logEnd, marks } = opened;
  const seen = highest instanceof Error ? logEnd - 1 : (highest.get(tenure.partition) ?? -1);
  const found = Math.max(seen, (marks?.below ?? 0) - 1);
  return { ...opened, doubtBelow: Math.max(position.start, found + 1) };
}
