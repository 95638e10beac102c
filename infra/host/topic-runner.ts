import type { StartOrder } from "../../functions/apply-plan.ts";
import type {
  PartitionPosition,
  TopicConsumer,
  TopicConsumerOptions,
} from "../../lib/adapters/kafka/consumer.ts";
import { abortable } from "../../lib/rules/abortable.ts";
import { backoffMs, type BackoffRule } from "../../lib/rules/backoff.ts";
import type { SourceRef, Specification } from "../../lib/rules/declaration.ts";
import type { DesiredTopic } from "../../lib/rules/desired.ts";
import { messageOf, PenstockError } from "../../lib/rules/errors.ts";
import type { Logger } from "../../lib/rules/logger.ts";
import { OutcomeMemory } from "../../lib/rules/outcome-memory.ts";
import type { LostRange } from "../../lib/rules/position.ts";
import { withDeletion } from "../../lib/rules/retention.ts";
import { shownState } from "../../lib/rules/stall.ts";
import type { TopicState, TopicStatus } from "../../lib/rules/status.ts";
import type { ByteShare } from "./byte-budget.ts";
import { ProgressClock } from "./progress-clock.ts";
import type { Pump, PumpDeps, PumpEvents, TopicEvents } from "./pump-deps.ts";
import { TopicLife } from "./topic-life.ts";
import { createTopicTally } from "./topic-tally.ts";

export interface RunnerDeps {
  startConsumer(options: TopicConsumerOptions, signal: AbortSignal): Promise<TopicConsumer>;
  createPump(order: StartOrder, own: Pick<PumpDeps, "share" | "clock" | "memory" | "events">): Pump;
  joinBudget(): ByteShare;
  /** How long Kafka keeps a record of the topic; null: nobody can tell. */
  keptForMs(topic: string): number | null;
  /** It failed, and is due for another try at `retryAtMs`. */
  onFailed(topic: string, reason: string, retryAtMs: number): void;
  events(topic: string): TopicEvents;
  onLost(topic: string, ranges: readonly LostRange[]): void;
  /** A group is rebalancing. */
  onRebalance(): void;
  readonly now: () => number;
  readonly random: () => number;
  readonly logger: Logger;
}

/** One topic of this host, from its declaration to its end: the only place that knows its consumer. */
export interface TopicRunner {
  readonly state: TopicState;
  readonly spec: Specification;
  /** Where it is declared, the winner first. */
  readonly sources: readonly SourceRef[];
  /** Of what it runs by; null while it is pending, and once it was told to stop for good. */
  readonly hash: string | null;
  /** When a failed start may be tried again; milliseconds since the epoch. */
  readonly retryAtMs: number;
  /** Resolves once running or failed; never throws. */
  start(order: StartOrder): Promise<void>;
  /**
   * Lets what was sent finish and be committed for at most `drainMs` (null: as long as it takes), then leaves the
   * group. Called again while it stops, the shorter wait counts.
   * @param next what it is going to be started with; null: it stops for good
   * @returns true where nothing that was sent stayed uncommitted
   */
  stop(next: StartOrder | null, drainMs: number | null): Promise<boolean>;
  /** Waits for its topic to exist, or for Kafka to answer. */
  pend(desired: DesiredTopic, reason: string): void;
  /** Takes over where it is declared, where that changes nothing about how it runs. */
  describe(desired: DesiredTopic): void;
  status(): TopicStatus;
  /** Where its logs stand, as asked beside its fetches. */
  observe(positions: readonly PartitionPosition[]): void;
  /** Asks now whether its group is rebalancing. */
  lookForRebalance(): void;
}

interface Running {
  readonly pump: Pump;
  readonly startedAtMs: number;
  consumer: TopicConsumer | null;
}

const FAILURE_BACKOFF: BackoffRule = { initialMs: 500, maxMs: 10_000 };
/** A consumer that ran for so long had been well: its next failure counts as a first one. */
const WELL_AFTER_MS = 30_000;
/**
 * How long a join may take. It waits for members that died without leaving, until their sessions end, and for
 * members that are busy, until the rebalance timeout; a shorter limit would give up on a join that works.
 */
const JOIN_LIMIT_MS = 60_000;
/**
 * A consumer that does not close by then is left to itself: it was told, and leaves when its own call ends. Less than a stop
 * keeps back for leaving, so that a Kafka which hangs does not make one of a host that has committed everything unclean.
 */
const CLOSE_LIMIT_MS = 4_500;

export function createTopicRunner(topic: string, first: DesiredTopic, deps: RunnerDeps): TopicRunner {
  const tally = createTopicTally();
  const life = new TopicLife(() => deps.now());
  const clock = new ProgressClock();
  const memory = new OutcomeMemory();
  let desired = first;
  /** True: a group that has no commit now had one, and lost it. To begin at its end would skip records. */
  let readBefore = false;
  let hash: string | null = null;
  let failures = 0;
  let retryAtMs = 0;
  let running: Running | null = null;
  /** What ran, while it drains. */
  let leaving: Running | null = null;
  let ending: { readonly cut: AbortController; readonly clean: Promise<boolean> } | null = null;
  let starting: { readonly abort: AbortController; readonly done: Promise<void> } | null = null;

  const noteLost = (ranges: readonly LostRange[]): void => {
    tally.lose(ranges, deps.now());
    deps.onLost(topic, ranges);
  };

  /** Gives up on this consumer, if it is still the present one. */
  const fail = (broken: Running, error: unknown): void => {
    // Nothing can be committed without a consumer: a drain without limit would wait for ever.
    if (leaving === broken) ending?.cut.abort();
    if (running !== broken) return;
    running = null;
    const wasWell = deps.now() - broken.startedAtMs >= WELL_AFTER_MS;
    if (wasWell) failures = 0;
    if (wasWell || (clock.lastCommitMs ?? 0) >= broken.startedAtMs) life.wasWell();
    void dismantle(broken);
    failed(messageOf(error));
  };

  const failed = (why: string): void => {
    failures += 1;
    retryAtMs = deps.now() + backoffMs(FAILURE_BACKOFF, failures, deps.random());
    life.enter("failed", why);
    deps.onFailed(topic, why, retryAtMs);
  };

  const dismantle = async ({ pump, consumer }: Running): Promise<void> => {
    pump.close();
    if (consumer === null) return;
    try {
      await abortable(consumer.stop(), AbortSignal.timeout(CLOSE_LIMIT_MS));
    } catch (error) {
      deps.logger.warn("a consumer did not close in time", { topic, error: messageOf(error) });
    }
  };

  /** Drains and leaves. Told again to stop, it is the same end, which may only come sooner. */
  const end = (): NonNullable<typeof ending> => {
    const cut = new AbortController();
    const clean = (async () => {
      await starting?.done;
      const stopped = running;
      running = null;
      if (stopped === null) return true;
      leaving = stopped;
      const drained = await stopped.pump.drain(cut.signal);
      leaving = null;
      await dismantle(stopped);
      return drained;
    })();
    return { cut, clean };
  };

  const launch = async (order: StartOrder, signal: AbortSignal): Promise<void> => {
    const own = deps.events(topic);
    const events: PumpEvents = {
      ...own,
      outcomes: (outcomes) => {
        tally.count(outcomes);
        own.outcomes(outcomes);
      },
      gaveWay: (fields) => own.gaveWay(tally.giveWay(fields)),
      broken: (error) => fail(mine, error),
    };
    const pump = deps.createPump(order, { share: deps.joinBudget(), clock, memory, events });
    const mine: Running = { pump, startedAtMs: deps.now(), consumer: null };
    running = mine;
    const joinLimit = AbortSignal.timeout(JOIN_LIMIT_MS);
    try {
      const joined = deps.startConsumer(
        {
          kafka: order.kafka,
          topic,
          groupId: `${order.kafka.group}.${topic}`,
          startAt: readBefore ? "earliest" : order.startAt,
          logger: deps.logger,
          listener: {
            onAssigned(assignment) {
              readBefore = true;
              pump.assign(assignment);
            },
            onRebalance() {
              deps.onRebalance();
              return pump.beforeRejoin();
            },
            onLost: noteLost,
            onFetched: (batch, heartbeat) => pump.decode(batch, heartbeat),
            onBatch: (batch, heartbeat) => pump.accept(batch, heartbeat),
            onPositions: (positions) => pump.observe(positions),
            fetchBytes: () => pump.fetchBytes(),
            onCrash: (error) => fail(mine, error),
          },
        },
        AbortSignal.any([signal, joinLimit]),
      );
      mine.consumer = await joined.catch((error: unknown) => {
        throw joinLimit.aborted ? joinTooSlow(topic, error) : error;
      });
      await abortable(order.ready, signal);
      // It may have crashed in the very moment it had joined.
      if (running === mine) life.enter("running", null);
      else await dismantle(mine);
    } catch (error) {
      if (signal.aborted) {
        running = null;
        await dismantle(mine);
      } else {
        fail(mine, error);
      }
    }
  };

  return {
    get state() {
      return life.state;
    },
    get spec() {
      return desired.spec;
    },
    get sources() {
      return desired.sources;
    },
    get hash() {
      return hash;
    },
    get retryAtMs() {
      return retryAtMs;
    },
    async start(order) {
      desired = order.desired;
      hash = order.hash;
      life.enter("starting", null);
      const abort = new AbortController();
      const done = launch(order, abort.signal);
      starting = { abort, done };
      await done;
      starting = null;
    },
    async stop(next, drainMs) {
      hash = next?.hash ?? null;
      life.enter("stopping", next === null ? "not declared any more" : "to start with changed settings");
      starting?.abort.abort(new Error("stopped while it started"));
      const stopping = (ending ??= end());
      const timer = drainMs === null ? null : setTimeout(() => stopping.cut.abort(), drainMs);
      try {
        return await stopping.clean;
      } finally {
        if (timer !== null) clearTimeout(timer);
        ending = null;
      }
    },
    pend(wanted, why) {
      desired = wanted;
      hash = null;
      failures = 0;
      life.enter("pending", why);
    },
    describe(wanted) {
      desired = wanted;
    },
    observe: (positions) => running?.pump.observe(positions),
    lookForRebalance: () => running?.consumer?.lookForRebalance(),
    status() {
      const partitions = withDeletion(running?.pump.partitions() ?? [], deps.keptForMs(topic), deps.now());
      return {
        topic,
        ...shownState(
          {
            state: life.state,
            reason: life.reason,
            sinceMs: life.sinceMs,
            trouble: running?.pump.trouble ?? null,
          },
          partitions,
          deps.now(),
        ),
        downSince: life.downSince,
        sources: desired.sources,
        spec: desired.spec,
        partitions,
        ...tally.status(),
      };
    },
  };
}

function joinTooSlow(topic: string, cause: unknown): PenstockError {
  const seconds = JOIN_LIMIT_MS / 1000;
  return new PenstockError(
    "deadline_exceeded",
    `the consumer of "${topic}" did not join its group within ${seconds} s`,
    { retryable: true, cause },
  );
}
