import type { IngestBatchDeps } from "../../../functions/ingest-batch.ts";
import {
  rebuildTopic,
  type RebuildTopicDeps,
  type RebuildTopicInput,
  type RebuildTopicResult,
} from "../../../functions/rebuild-topic.ts";
import { liveIndex } from "../../../functions/rebuild-topic/look.ts";
import type { Elasticsearch } from "../../../lib/adapters/elasticsearch/client.ts";
import { createRebuildIndices } from "../../../lib/adapters/elasticsearch/rebuild/rebuild-index.ts";
import type { OrderKind, OrderStore } from "../../../lib/adapters/kafka/orders/order-store.ts";
import type { KafkaWire } from "../../../lib/adapters/kafka/protocol/wire.ts";
import { createKafkaOffsets } from "../../../lib/adapters/kafka/queries/offsets.ts";
import { messageOf, PenstockError } from "../../../lib/rules/base/errors.ts";
import type { ThrottledLogger } from "../../../lib/adapters/log/log-throttle.ts";
import type { Logger } from "../../../lib/rules/base/logger.ts";
import { sleep, type Time } from "../../../lib/rules/base/time.ts";
import type { BulkSettings, KafkaSettings } from "../../../lib/rules/model/settings.ts";
import type { StoredOrder } from "../../../lib/rules/offsets/order-groups.ts";
import { sameSettings } from "../../../lib/rules/plan/accept-settings.ts";
import type { TopicStatus } from "../../../lib/rules/progress/status.ts";
import type { LiveLoad } from "../../../lib/rules/rebuild/rebuild-pace.ts";
import {
  positionEntry,
  positionsOf,
  type RebuildOrder,
  rebuildOf,
  rebuildsIn,
  type RebuildStep,
  stepsIn,
} from "../../../lib/rules/rebuild/rebuild.ts";
import { type RebuildStatus, rebuildStatusOf } from "../../../lib/rules/rebuild/rebuild-status.ts";
import { createOrderWatch } from "../orders/order-watch.ts";
import { startRounds } from "../observe/rounds.ts";
import { createRebuildPacer } from "./rebuild-pacer.ts";
import {
  createRebuildRuns,
  heldBack,
  type KnownRebuild,
  ownedBy,
  type RebuildKafka,
} from "./rebuild-runs.ts";

/** Rebuilds topics into other indices, and tells how far that is. */
export interface Rebuilds {
  /** As last known; null if the topic is not rebuilt. */
  of(topic: string): RebuildStatus | null;
  /** The topics that are rebuilt, also by other hosts; null: not known yet. */
  readonly topics: ReadonlySet<string> | null;
  /** {@link rebuildTopic} */
  steer(input: RebuildTopicInput, signal: AbortSignal): Promise<RebuildTopicResult>;
  stop(): Promise<void>;
}

export interface RebuildsDeps extends Pick<RebuildTopicDeps, "newId" | "placeOf" | "ensureTemplate"> {
  orders(kind: OrderKind): OrderStore;
  elasticsearch(): Pick<Elasticsearch, "ask" | "bulk">;
  deadLetters(): IngestBatchDeps["deadLetters"];
  /** Connections to the brokers that nobody else uses. */
  openWire(kafka: KafkaSettings): KafkaWire;
  settings(): { readonly kafka: KafkaSettings; readonly bulk: BulkSettings };
  /** Of this host. */
  topics(): readonly TopicStatus[];
  /** Whether this host has the partition. */
  isOurs(topic: string, partition: number): boolean;
  load(): LiveLoad;
  readonly time: Time;
  readonly logger: Logger;
  readonly failures: Pick<ThrottledLogger, "warn">;
}

/** A rebuild as this host last saw it. */
interface Known extends KnownRebuild {
  /** Looks at its progress within {@link RATE_MS}, oldest first. */
  readonly looks: readonly { readonly atMs: number; readonly done: number }[];
  /** When Elasticsearch was asked. */
  readonly askedMs: number;
}

const EVERY_MS = 2_000;
const QUESTION_MS = 10_000;
/** How often Elasticsearch is asked whether the new index is there, and which one is live. */
const INDICES_MS = 5_000;
const RATE_MS = 60_000;
/** Kafka forgets a commit of a group without members after 7 days. */
const RENEW_MS = 86_400_000;

export function createRebuilds(deps: RebuildsDeps): Rebuilds {
  const { time, logger, failures } = deps;
  const life = new AbortController();
  const known = new Map<string, Known>();
  let kafka: RebuildKafka | null = null;
  /** By topic: when its order and positions were last written again, as the owner of which partitions. */
  const renewed = new Map<string, { readonly atMs: number; readonly owned: string }>();
  const indices = createRebuildIndices({ ask: (...question) => deps.elasticsearch().ask(...question) });
  const pacer = createRebuildPacer((body, how) => deps.elasticsearch().bulk(body, how), {
    load: () => deps.load(),
    time,
  });
  let steps: ReadonlyMap<string, RebuildStep> | null = null;
  const tellSteps = (orders: readonly StoredOrder[]): void => {
    const before = steps;
    steps = stepsIn(orders);
    // What was ordered before this host looked was told then.
    if (before === null) return;
    for (const [topic, { at, ...step }] of steps)
      // By one host, so that the history has it once.
      if (at !== before.get(topic)?.at && deps.isOurs(topic, 0))
        logger.info("a rebuild was ordered", { topic, ...step });
  };
  const watch = createOrderWatch({
    store: () => deps.orders("rebuilds"),
    onChange(orders) {
      tellSteps(orders);
      // Not after the look, which may wait for Kafka: whoever ended it may delete the index soon.
      runs.keep(rebuildsIn(orders));
      void look();
    },
    logger,
    failures,
  });

  const warn = (message: string, topic: string, error: unknown): void => {
    const reason = error instanceof PenstockError ? error.code : "rebuild";
    failures.warn(message, { topic, reason, error: messageOf(error) });
  };
  const deadline = (): AbortSignal => AbortSignal.any([life.signal, AbortSignal.timeout(QUESTION_MS)]);
  const open = (): RebuildKafka => {
    const settings = deps.settings().kafka;
    if (kafka === null) {
      const wire = deps.openWire(settings);
      kafka = { settings, wire, offsets: createKafkaOffsets(settings, logger, wire) };
    }
    return kafka;
  };
  const runs = createRebuildRuns({ ...deps, kafka: open, pacer });
  const close = async (): Promise<void> => {
    await runs.end();
    const { wire } = kafka ?? {};
    kafka = null;
    await wire?.close();
  };

  const tell = async (topic: string, order: RebuildOrder, signal: AbortSignal): Promise<Known> => {
    const before = known.get(topic);
    const status = deps.topics().find((one) => one.topic === topic);
    const positions = positionsOf(await deps.orders("rebuild-positions").read(signal), topic, order.id);
    const log = await open().offsets.ranges(topic, signal);
    const isSame = before?.order.id === order.id;
    let { uuid, live } = isSame ? before.told : { uuid: undefined, live: null };
    let askedMs = isSame ? before.askedMs : -Infinity;
    const now = time.monotonicMs();
    if (now - askedMs >= INDICES_MS) {
      uuid = await indices.uuid(order.index, signal);
      live = await liveIndex(order, status?.spec ?? null, indices, signal);
      askedMs = now;
    }
    const told = { positions, log, uuid, live, held: heldBack(status) };
    const { done } = rebuildStatusOf(order, { ...told, rate: null });
    const looks = (isSame ? before.looks : []).filter(({ atMs }) => now - atMs < RATE_MS);
    return { order, told, askedMs, looks: [...looks, { atMs: now, done }] };
  };

  /** Each day, and whenever this host's partitions change: hosts may never run for a day. */
  const renew = async (status: TopicStatus, { since }: RebuildOrder, signal: AbortSignal): Promise<void> => {
    const { topic } = status;
    const owned = ownedBy(status);
    const last = renewed.get(topic);
    const now = time.monotonicMs();
    const isSame = last?.owned === owned.join() && now - last.atMs < RENEW_MS;
    if (owned.length === 0 || isSame || time.now() - Date.parse(since) < RENEW_MS) return;
    // Just before writing: somebody may have given another order.
    const entries = (await watch.refresh(signal)).filter((entry) => entry.topic === topic);
    const order = rebuildOf(entries, topic);
    if (order === null) return;
    if (owned.includes(0)) await watch.write(entries, signal);
    // A run stores its own, newer ones.
    if (!runs.has(topic)) {
      const store = deps.orders("rebuild-positions");
      const positions = positionsOf(await store.read(signal), topic, order.id);
      const own = [...positions.values()].filter(({ partition }) => owned.includes(partition));
      await store.write(
        own.map((one) => positionEntry(topic, one)),
        signal,
      );
    }
    renewed.set(topic, { atMs: now, owned: owned.join() });
  };

  /** One that cannot be renewed now is tried again with the next round, and keeps no other one from it. */
  const renewAll = async (orders: ReadonlyMap<string, RebuildOrder>): Promise<void> => {
    const signal = deadline();
    for (const status of deps.topics()) {
      const order = orders.get(status.topic);
      if (order === undefined) continue;
      try {
        await renew(status, order, signal);
      } catch (error) {
        if (!life.signal.aborted) warn("a rebuild could not be written to Kafka again", status.topic, error);
      }
    }
  };

  const round = async (): Promise<void> => {
    const orders = rebuildsIn(watch.orders ?? []);
    for (const one of [known, renewed])
      for (const topic of one.keys()) if (!orders.has(topic)) one.delete(topic);
    if (kafka !== null && (orders.size === 0 || !sameSettings(kafka.settings, deps.settings().kafka)))
      await close();
    await Promise.all([...orders].map(([topic, order]) => learn(topic, order)));
    if (orders.size === 0 || life.signal.aborted) return;
    await runs.steer(known);
    await renewAll(orders);
  };

  /** All at once, each in its own time: a topic without a leader, say, must not keep the others from being rebuilt. */
  const learn = async (topic: string, order: RebuildOrder): Promise<void> => {
    try {
      known.set(topic, await tell(topic, order, deadline()));
    } catch (error) {
      // Of a rebuild that is known the last state stays; of another one, the next look tells.
      if (!life.signal.aborted) warn("the state of a rebuild is unknown", topic, error);
    }
  };

  let looking: Promise<void> = Promise.resolve();
  /** One look at a time. */
  const look = (): Promise<void> =>
    (looking = looking.then(round).catch((error: unknown) => {
      if (!life.signal.aborted)
        failures.warn("rebuilds wait", { reason: "rebuild", error: messageOf(error) });
    }));
  const stopRounds = startRounds(life, { everyMs: EVERY_MS, atOnce: true }, look);

  return {
    of(topic) {
      const one = known.get(topic);
      return one === undefined ? null : rebuildStatusOf(one.order, { ...one.told, rate: rateOf(one.looks) });
    },
    get topics() {
      return watch.orders === null ? null : new Set(rebuildsIn(watch.orders).keys());
    },
    async steer(input, asked) {
      const signal = AbortSignal.any([life.signal, asked]);
      const settings = deps.settings().kafka;
      const wire = deps.openWire(settings);
      const offsets = createKafkaOffsets(settings, logger, wire);
      try {
        return await rebuildTopic(input, {
          specs: new Map(deps.topics().map(({ topic, spec }) => [topic, spec])),
          orders: {
            read: (until) => watch.refresh(until),
            write: (entries, until) => watch.write(entries, until),
          },
          positions: deps.orders("rebuild-positions"),
          indices,
          ranges: (topic, until) => offsets.ranges(topic, until),
          heldBack: async (topic) => heldBack(deps.topics().find((one) => one.topic === topic)),
          ensureTemplate: deps.ensureTemplate,
          newId: deps.newId,
          placeOf: deps.placeOf,
          wait: (ms, until) => sleep(time, ms, until),
          now: () => time.now(),
          signal,
        });
      } finally {
        await offsets.close();
        await look();
      }
    },
    async stop() {
      life.abort(new Error("the host is stopping"));
      await Promise.all([stopRounds(), watch.stop()]);
      await looking;
      await close();
    },
  };
}

function rateOf(looks: Known["looks"]): number | null {
  const [first, last] = [looks.at(0), looks.at(-1)];
  if (first === undefined || last === undefined || last.atMs <= first.atMs) return null;
  return Math.round((1_000 * (last.done - first.done)) / (last.atMs - first.atMs));
}
