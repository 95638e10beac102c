import type { StartOrder } from "../../../functions/reconcile-topics/apply-plan.ts";
import type { GroupTrouble } from "../../../lib/adapters/kafka/group/member/member.ts";
import type { PartitionPosition } from "../../../lib/adapters/kafka/reader/reader.ts";
import { backoffMs, type BackoffRule } from "../../../lib/rules/base/backoff.ts";
import type { SourceRef, Specification } from "../../../lib/rules/model/declaration.ts";
import type { DesiredTopic } from "../../../lib/rules/declarations/desired.ts";
import { messageOf } from "../../../lib/rules/base/errors.ts";
import { isReadingForbidden } from "../../../lib/rules/trouble/kafka-words.ts";
import { OutcomeMemory } from "../../../lib/rules/outcomes/outcome-memory.ts";
import type { LostRange } from "../../../lib/rules/offsets/position.ts";
import { withDeletion } from "../../../lib/rules/progress/retention.ts";
import { type KnownState, shownState } from "../../../lib/rules/progress/stall.ts";
import type { TopicState, TopicStatus } from "../../../lib/rules/progress/status.ts";
import type { Time } from "../../../lib/rules/base/time.ts";
import type { Intake } from "./intake.ts";
import type { TopicIntake } from "./open-topic.ts";
import type { PumpDeps } from "../pump/pump-deps.ts";
import type { TopicInlets, TopicInletsDeps } from "../inlet/inlet-deps.ts";
import type { TopicFigures } from "./topic-figures.ts";
import { ProgressClock } from "../pump/progress-clock.ts";
import type { PumpEvents, TopicEvents } from "../pump/pump-events.ts";
import { TopicLife } from "./topic-life.ts";
import { createTopicTally } from "./topic-tally.ts";

export interface RunnerDeps {
  readonly intake: Intake;
  createInlets(
    order: StartOrder,
    own: Pick<PumpDeps, "clock" | "memory" | "events"> & Pick<TopicInletsDeps, "onLost">,
  ): TopicInlets;
  /** How long Kafka keeps a record of the topic; null: nobody can tell. */
  keptForMs(topic: string): number | null;
  /** It failed, and is due for another try at `retryAtMs`. */
  onFailed(topic: string, reason: string, retryAtMs: number): void;
  events(topic: string): TopicEvents;
  onLost(topic: string, ranges: readonly LostRange[]): void;
  readonly time: Time;
}

/** One topic of this host, from its declaration to its end: the only place that knows its inlets and its pump. */
export interface TopicRunner {
  readonly state: TopicState;
  readonly spec: Specification;
  /** Where it is declared, the winner first. */
  readonly sources: readonly SourceRef[];
  /** Of what it runs by; null while it is pending, and once it was told to stop for good. */
  readonly hash: string | null;
  /** When a failed start may be tried again; milliseconds since the epoch. */
  readonly retryAtMs: number;
  /** Why it does not run, as far as somebody has to do something about it; null: it runs, or is about to. */
  readonly problem: string | null;
  /** Resolves once it runs, or has a problem; never throws. */
  start(order: StartOrder): Promise<void>;
  /**
   * Lets what was sent finish and be committed for at most `drainMs` (null: as long as it takes). Called again while it stops,
   * the shorter wait counts.
   * @param next what it is going to be started with: its partitions stay with this host; null: it stops for good
   * @returns true where nothing that was sent stayed uncommitted
   */
  stop(next: StartOrder | null, drainMs: number | null): Promise<boolean>;
  /** Waits for its topic to exist, or for Kafka to answer. */
  pend(desired: DesiredTopic, reason: string): void;
  /** Takes over where it is declared, where that changes nothing about how it runs. */
  describe(desired: DesiredTopic): void;
  status(): TopicStatus;
  /** What of that is looked at every few seconds, of thousands of topics. */
  figures(): TopicFigures;
  /** Where its logs stand, as asked beside its fetches. */
  observe(positions: readonly PartitionPosition[]): void;
}

interface Running {
  readonly inlets: TopicInlets;
  readonly startedAtMs: number;
  /** Null: it is not to be read yet. */
  intake: TopicIntake | null;
  /** Whether what it writes to is there. */
  ready: boolean;
  /** Resolves once it runs, or has a problem. */
  readonly settled: PromiseWithResolvers<void>;
}

const FAILURE_BACKOFF: BackoffRule = { initialMs: 500, maxMs: 10_000 };
/** What ran for so long had been well: its next failure counts as a first one. */
const WELL_AFTER_MS = 30_000;

export function createTopicRunner(topic: string, first: DesiredTopic, deps: RunnerDeps): TopicRunner {
  const now = (): number => deps.time.now();
  const tally = createTopicTally();
  const life = new TopicLife(now);
  const clock = new ProgressClock();
  const memory = new OutcomeMemory();
  let desired = first;
  /** True: a topic without a commit had one, and lost it. To begin at its end would skip records. */
  let readBefore = false;
  let hash: string | null = null;
  let failures = 0;
  let retryAtMs = 0;
  let running: Running | null = null;
  /** What ran, while it drains. */
  let leaving: Running | null = null;
  let ending: { readonly cut: AbortController; readonly clean: Promise<boolean> } | null = null;

  /** Gives up on what runs, if it is still that. */
  const fail = (broken: Running, error: unknown): void => {
    // It may never end by itself any more.
    if (leaving === broken) ending?.cut.abort();
    if (running !== broken) return;
    running = null;
    const wasWell = now() - broken.startedAtMs >= WELL_AFTER_MS;
    if (wasWell) failures = 0;
    if (wasWell || (clock.lastCommitMs ?? 0) >= broken.startedAtMs) life.wasWell();
    dismantle(broken);
    deps.intake.release(topic);
    const why = messageOf(error);
    failures += 1;
    retryAtMs = now() + backoffMs(FAILURE_BACKOFF, failures, deps.time.random());
    life.enter("failed", why);
    deps.onFailed(topic, why, retryAtMs);
    broken.settled.resolve();
  };

  const dismantle = ({ inlets, intake }: Running): void => {
    intake?.close();
    inlets.close();
  };

  /** Compares with where it stands in the group; called whenever that may have changed. */
  const look = (mine: Running): void => {
    if (running !== mine) return;
    const { intake, inlets } = mine;
    const isForbidden = isReadingForbidden(inlets.trouble ?? "");
    const isUp = mine.ready && intake !== null && intake.isUp && !isForbidden;
    if (isUp) {
      life.enter("running", null);
    } else if (life.state === "running") {
      life.enter("starting", null);
    }
    if (isUp || isForbidden || (intake?.trouble ?? null) !== null) mine.settled.resolve();
  };

  /** Drains. Told again to stop, it is the same end, which may only come sooner. */
  const end = (): NonNullable<typeof ending> => {
    const cut = new AbortController();
    const stopped = running;
    running = null;
    stopped?.settled.resolve();
    const clean = (async () => {
      leaving = stopped;
      stopped?.intake?.pause();
      const drained = (await stopped?.inlets.drain(cut.signal)) ?? true;
      leaving = null;
      if (stopped !== null) dismantle(stopped);
      // With changed settings it goes on with what is ours.
      if (hash === null) deps.intake.release(topic);
      return drained;
    })();
    return { cut, clean };
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
    get problem() {
      if (life.state === "running") return null;
      if (life.state === "failed") return life.reason;
      return running?.intake?.trouble?.message ?? running?.inlets.trouble ?? null;
    },
    async start(order) {
      desired = order.desired;
      hash = order.hash;
      life.enter("starting", null);
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
      const onLost = (ranges: readonly LostRange[]): void => {
        tally.lose(ranges, now());
        deps.onLost(topic, ranges);
      };
      const inlets = deps.createInlets(order, { clock, memory, events, onLost });
      const mine: Running = {
        inlets,
        startedAtMs: now(),
        intake: null,
        ready: false,
        settled: Promise.withResolvers(),
      };
      running = mine;
      const open = (): void => {
        mine.intake = deps.intake.open(topic, {
          inlets,
          startAt: () => (readBefore ? "earliest" : order.startAt),
          onRead: () => void (readBefore = true),
          onChange: () => look(mine),
        });
      };
      // Its group is joined meanwhile; not so after a failure, or every other try would be two rebalances.
      if (failures === 0) open();
      order.ready.then(
        () => {
          mine.ready = true;
          if (running !== mine) return;
          if (mine.intake === null) open();
          mine.intake?.begin();
          look(mine);
        },
        (error: unknown) => fail(mine, error),
      );
      look(mine);
      await mine.settled.promise;
    },
    async stop(next, drainMs) {
      hash = next?.hash ?? null;
      life.enter("stopping", next === null ? "not declared any more" : "to start with changed settings");
      const stopping = (ending ??= end());
      const callOff = drainMs === null ? null : deps.time.after(drainMs, () => stopping.cut.abort());
      try {
        return await stopping.clean;
      } finally {
        callOff?.();
        if (ending === stopping) ending = null;
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
    observe(positions) {
      for (const position of positions) running?.inlets.pump.observe(position);
    },
    figures() {
      const pump = (running ?? leaving)?.inlets.pump;
      return { topic, moved: tally.moved, lag: pump?.lag ?? null, readsFirst: pump?.isOurs(0) === true };
    },
    status() {
      // What a partition's reader meets is no event either.
      if (running !== null) look(running);
      const at = now();
      const present = running ?? leaving;
      const told = present?.inlets.pump.partitions(present.intake?.partitions ?? null) ?? [];
      const partitions = withDeletion(told, deps.keptForMs(topic), at);
      const { state, sinceMs } = life;
      const { inlets, intake } = running ?? {};
      const reason = life.reason ?? inlets?.trouble ?? intake?.hint ?? null;
      const held = intake?.trouble ?? forbiddance(inlets?.trouble ?? null, sinceMs);
      const known = { state, reason, sinceMs, trouble: inlets?.pump.trouble ?? null };
      return {
        topic,
        ...shownState(heldBack(known, held), partitions, at),
        downSince: life.downSince,
        sources: desired.sources,
        spec: desired.spec,
        partitions,
        ...tally.status(),
      };
    },
  };
}

function forbiddance(reason: string | null, sinceMs: number): GroupTrouble | null {
  if (reason === null || !isReadingForbidden(reason)) return null;
  return { code: "kafka_refused", message: reason, sinceMs };
}

/** What keeps it from running is no event of its own: it is over by itself, once Kafka lets it be. */
function heldBack(known: KnownState, trouble: GroupTrouble | null): KnownState {
  if (trouble === null) return known;
  const { code, message, sinceMs } = trouble;
  if (known.state !== "starting" || code !== "kafka_refused") return { ...known, reason: message };
  return { ...known, state: "failed", reason: message, sinceMs };
}
