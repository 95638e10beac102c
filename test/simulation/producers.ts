import type { SeededRandom } from "../../infra/bench/kit/random.ts";
import type { Time } from "../../lib/rules/base/time.ts";
import type { Census, RecordKind } from "./census-counts.ts";
import { UNMAPPABLE } from "./elasticsearch.ts";
import type { SimulatedKafka } from "./kafka/cluster.ts";
import type { NewRecord } from "./kafka/records.ts";
import type { Story } from "./story.ts";

/** Writes to the topics from time to time, in transactions too, and sometimes unindexable records. */
export interface Producers {
  /** Writes one batch. */
  write(topic: string, partition: number, records: number): void;
  /** Begins a transaction that ends later. */
  transact(topic: string, partition: number): void;
  /**
   * Writes nothing there until everybody has noticed the new log. A consumer cannot tell that a new log has outgrown
   * its position unseen, because these fetches have no epochs.
   */
  hold(topic: string): void;
  /** Starts nothing new. */
  end(): void;
  /** True once ended and without open transactions. */
  readonly settled: boolean;
}

export interface ProducersOptions {
  readonly time: Time;
  readonly dice: SeededRandom;
  readonly kafka: SimulatedKafka;
  readonly census: Census;
  readonly story: Story;
  /** Whether every host can reach every broker at the moment. */
  readonly allHear: () => boolean;
}

/** A change counts as known once everybody could have learned of it for this long. */
const KNOWN_AFTER_MS = 2_500;
const TRANSACTION_MS = { least: 20, spread: 2_500 } as const;
const AGAIN_MS = 200;

export function createProducers({ time, dice, kafka, census, story, allHear }: ProducersOptions): Producers {
  let written = 0;
  let producerIds = 0;
  let open = 0;
  let ended = false;
  const held = new Map<string, object>();

  const newRecord = (kind: RecordKind): NewRecord => {
    written += 1;
    const text = `line ${written}${kind === "unfit" ? ` ${UNMAPPABLE}` : ""}`;
    return {
      timestamp: time.now(),
      key: null,
      value: kind === "empty" ? null : Buffer.from(text),
      headers: [],
    };
  };

  const kindOf = (): RecordKind => {
    const at = dice.next();
    return at < 0.86 ? "fit" : at < 0.94 ? "unfit" : "empty";
  };

  /** @returns the offsets; empty if it could not be written */
  const append = (topic: string, partition: number, records: number, producerId: number): number[] => {
    if (held.has(topic)) return [];
    const kinds = Array.from({ length: records }, kindOf);
    const batch = kafka.append(topic, partition, kinds.map(newRecord), producerId);
    if (batch === null) return [];
    for (const [at, record] of batch.records.entries())
      census.appended(topic, {
        partition,
        offset: record.offset,
        timestamp: record.timestamp,
        kind: kinds[at] ?? "fit",
        transacted: producerId === -1 ? "none" : "open",
      });
    story.note("write", () => `${topic}:${partition}, offsets ${batch.baseOffset} to ${batch.lastOffset}`);
    return batch.records.map(({ offset }) => offset);
  };

  const release = (topic: string, sinceMs: number, token: object): void => {
    if (held.get(topic) !== token) return;
    const fromMs = allHear() ? sinceMs : time.monotonicMs();
    if (time.monotonicMs() - fromMs >= KNOWN_AFTER_MS) held.delete(topic);
    else time.after(AGAIN_MS, () => release(topic, fromMs, token));
  };

  return {
    hold(topic) {
      const token = {};
      held.set(topic, token);
      release(topic, time.monotonicMs(), token);
    },
    write: (topic, partition, records) => void append(topic, partition, records, -1),
    transact(topic, partition) {
      producerIds += 1;
      const producerId = producerIds;
      const offsets = new Set(append(topic, partition, 1 + dice.below(4), producerId));
      if (offsets.size === 0) return;
      const log = kafka.replicas(topic, partition)?.log;
      open += 1;
      const how = dice.below(2) === 0 ? "commit" : "abort";
      const end = (): void => {
        // Deleted, created again or cut off: the transaction is lost with it.
        const present = kafka.replicas(topic, partition)?.log;
        if (present !== log || present === undefined) {
          open -= 1;
          return;
        }
        if (dice.below(3) === 0)
          for (const offset of append(topic, partition, 1 + dice.below(3), producerId)) offsets.add(offset);
        if (!kafka.endTransaction(topic, partition, producerId, how)) {
          time.after(AGAIN_MS, end);
          return;
        }
        open -= 1;
        story.note("write", () => `${topic}:${partition}, a transaction ends: ${how}`);
        census.ended(topic, partition, offsets, how === "commit" ? "committed" : "aborted");
        census.extended(topic, partition, present.end);
      };
      time.after(TRANSACTION_MS.least + dice.next() * TRANSACTION_MS.spread, end);
    },
    end() {
      ended = true;
    },
    get settled() {
      return ended && open === 0;
    },
  };
}
