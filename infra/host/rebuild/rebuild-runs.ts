import { ingestBatch, type IngestBatchDeps } from "../../../functions/ingest-batch.ts";
import type { OrderKind, OrderStore } from "../../../lib/adapters/kafka/orders/order-store.ts";
import type { KafkaWire } from "../../../lib/adapters/kafka/protocol/wire.ts";
import type { KafkaOffsets } from "../../../lib/adapters/kafka/queries/offsets.ts";
import { readSpans } from "../../../lib/adapters/kafka/queries/span-reader.ts";
import type { Logger } from "../../../lib/rules/base/logger.ts";
import type { Time } from "../../../lib/rules/base/time.ts";
import type { BulkSettings, KafkaSettings } from "../../../lib/rules/model/settings.ts";
import type { TopicStatus } from "../../../lib/rules/progress/status.ts";
import { rebuildFault, type RebuildKnowledge } from "../../../lib/rules/rebuild/rebuild-status.ts";
import { positionEntry, positionsOf, type RebuildOrder } from "../../../lib/rules/rebuild/rebuild.ts";
import type { RebuildPacer } from "./rebuild-pacer.ts";
import { runRebuild } from "./rebuild-run.ts";

/** A rebuild as the host last saw it. */
export interface KnownRebuild {
  readonly order: RebuildOrder;
  readonly told: Omit<RebuildKnowledge, "rate">;
}

/** Connections to Kafka that nobody else uses. */
export interface RebuildKafka {
  readonly settings: KafkaSettings;
  readonly wire: KafkaWire;
  readonly offsets: KafkaOffsets;
}

export interface RebuildRunsDeps {
  orders(kind: OrderKind): OrderStore;
  deadLetters(): IngestBatchDeps["deadLetters"];
  settings(): { readonly bulk: BulkSettings };
  /** Of this host. */
  topics(): readonly TopicStatus[];
  /** Opened when first needed. */
  kafka(): RebuildKafka;
  readonly pacer: RebuildPacer;
  readonly time: Time;
  readonly logger: Logger;
}

/** The rebuilds that this host carries out: of the partitions that it owns. */
export interface RebuildRuns {
  /** Starts and ends runs, so that they follow what is known, and which partitions are ours. Not called while it runs. */
  steer(known: ReadonlyMap<string, KnownRebuild>): Promise<void>;
  /** Only what is ordered runs: ends the rest at once. Called before anything is steered. @param topics those whose rebuild is ordered */
  keep(topics: ReadonlyMap<string, unknown>): void;
  /** Whether the topic is being rebuilt here. */
  has(topic: string): boolean;
  /** Ends all. */
  end(): Promise<void>;
}

interface Run {
  /** What makes it another run. */
  readonly about: string;
  readonly life: AbortController;
  readonly ended: Promise<void>;
}

export function createRebuildRuns(deps: RebuildRunsDeps): RebuildRuns {
  const { time, logger, pacer } = deps;
  const runs = new Map<string, Run>();
  let known: ReadonlyMap<string, KnownRebuild> = new Map();
  let ordered: ReadonlyMap<string, unknown> = new Map();

  const start = (topic: string, { order }: KnownRebuild, status: TopicStatus, about: string): Run => {
    const own = new AbortController();
    const { settings, wire, offsets } = deps.kafka();
    const store = deps.orders("rebuild-positions");
    const committed = (partition: number): number | null =>
      deps
        .topics()
        .find((one) => one.topic === topic)
        ?.partitions.find((one) => one.partition === partition)?.committed ?? null;
    const ended = runRebuild(
      { spec: status.spec, order, partitions: ownedBy(status) },
      {
        positions: async (signal) => positionsOf(await store.read(signal), topic, order.id),
        store: (positions, signal) =>
          store.write(
            Array.from(positions, (one) => positionEntry(topic, one)),
            signal,
          ),
        committed,
        ranges: (signal) => offsets.ranges(topic, signal),
        readSpans: (spans, onBatch, signal) =>
          readSpans({ kafka: settings, topic, logger, wire }, spans, onBatch, signal),
        ingest: (spec, records, attempt, signal) =>
          ingestBatch(
            { spec, records, attempt, limits: deps.settings().bulk },
            { bulk: pacer.bulk, deadLetters: deps.deadLetters(), now: () => time.now(), signal },
          ),
        fault: () => rebuildFault(order, known.get(topic)?.told.uuid),
        turn: (signal) => pacer.turn(signal),
        time,
      },
      own.signal,
    );
    return { about, life: own, ended };
  };

  const steer = async (): Promise<void> => {
    const wanted = new Map<string, { readonly status: TopicStatus; readonly about: string }>();
    for (const status of deps.topics()) {
      const one = known.get(status.topic);
      const owned = ownedBy(status);
      if (one === undefined || one.order.paused || heldBack(status) !== null || owned.length === 0) continue;
      if (rebuildFault(one.order, one.told.uuid) !== null) continue;
      wanted.set(status.topic, { status, about: JSON.stringify([one.order, owned, status.spec]) });
    }
    for (const [topic, run] of runs) {
      if (wanted.get(topic)?.about === run.about && !run.life.signal.aborted) continue;
      run.life.abort(new Error("the rebuild changes, or another host goes on with it"));
      await run.ended;
      runs.delete(topic);
    }
    for (const [topic, { status, about }] of wanted) {
      const one = known.get(topic);
      // What is known may be older than the end of an order.
      if (one !== undefined && ordered.has(topic) && !runs.has(topic))
        runs.set(topic, start(topic, one, status, about));
    }
  };

  return {
    steer(seen) {
      known = seen;
      return steer();
    },
    keep(topics) {
      ordered = topics;
      for (const [topic, { life }] of runs)
        if (!topics.has(topic)) life.abort(new Error("the rebuild has ended"));
    },
    has: (topic) => runs.has(topic),
    async end() {
      const all = [...runs.values()];
      runs.clear();
      for (const run of all) run.life.abort(new Error("the host is stopping, or its settings changed"));
      await Promise.all(all.map(({ ended }) => ended));
    },
  };
}

export function ownedBy({ partitions }: TopicStatus): number[] {
  return partitions.flatMap(({ partition, owned }) => (owned ? [partition] : []));
}

/** Why the topic itself is not read: then its rebuild waits too. Null if it is read. */
export function heldBack(status: TopicStatus | undefined): string | null {
  if (status === undefined) return "this host does not have the topic";
  const { state, reason } = status;
  if (state === "running" || state === "stalled") return null;
  if (state === "held" && reason !== null) return `the topic is ${reason}`;
  return `the topic is ${state}${reason === null ? "" : `: ${reason}`}`;
}
