import { backoffMs, type BackoffRule } from "../../../lib/rules/base/backoff.ts";
import type { DesiredTopic } from "../../../lib/rules/declarations/desired.ts";
import { messageOf } from "../../../lib/rules/base/errors.ts";
import { isReadingForbidden } from "../../../lib/rules/trouble/kafka-words.ts";
import { OutcomeMemory } from "../../../lib/rules/outcomes/outcome-memory.ts";
import type { LostRange } from "../../../lib/rules/offsets/position.ts";
import { MISSING } from "../../../lib/rules/plan/plan.ts";
import { remedyFor } from "../../../lib/rules/remedies/topic.ts";
import type { TopicIntake } from "./open-topic.ts";
import type { RunnerDeps, TopicRunner } from "./runner-deps.ts";
import { TopicHold } from "./topic-hold.ts";
import { ProgressClock } from "../ledger/progress-clock.ts";
import type { PumpEvents } from "../pump/sending-deps.ts";
import { causeOf, TopicLife } from "./topic-life.ts";
import { type PresentRun, statusOf } from "./topic-status.ts";
import { createTopicTally } from "./topic-tally.ts";

/*
 * The pool calls one of `start`, `stop` and `pend` at a time, but a `stop` may come at any moment.
 *
 * | state    | meaning                                         | left by                                              |
 * | pending  | the topic does not exist in Kafka               | start: starting; stop: stopping                      |
 * | starting | waits for its index (`ready`), for the group    | all three there: running; `ready` rejected or        |
 * |          | and for the positions of its partitions         | a fault: failed; stop: stopping, calls it off        |
 * | running  | moves records                                   | the group or Kafka takes it away: starting; a fault: |
 * |          |                                                 | failed; a hold: held; stop: stopping                 |
 * | held     | keeps its partitions in the group, reads nothing | released: starting, or failed if its index is not   |
 * |          | and waits for no index                          | ready; stop: stopping                                |
 * | failed   | closed; a retry is due after a backoff, which   | start: starting; pend: pending; stop: stopping       |
 * |          | 30 s of running reset                           |                                                      |
 * | stopping | drains, then waits for what is next; a fault or | start: starting; pend: pending; dropped              |
 * |          | a shorter time limit cuts the drain             |                                                      |
 *
 * The index and the group are awaited side by side, but after a failure the group hears of the topic only once the index
 * is ready: every other try would otherwise be two rebalances. A topic held up by the group stays `starting`, has a
 * `problem`, and runs without another start once the group lets it.
 */

interface Running extends PresentRun {
  readonly startedAtMs: number;
  intake: TopicIntake | null;
  ready: boolean;
  /** Why its index is not ready, found out while the topic is held. */
  unready: { readonly error: unknown } | null;
  isHeld: boolean;
  readonly settled: PromiseWithResolvers<void>;
}

const FAILURE_BACKOFF: BackoffRule = { initialMs: 500, maxMs: 10_000 };
/** After running this long, the next failure counts as the first one. */
const WELL_AFTER_MS = 30_000;

export function createTopicRunner(topic: string, first: DesiredTopic, deps: RunnerDeps): TopicRunner {
  const now = (): number => deps.time.now();
  const tally = createTopicTally();
  const life = new TopicLife(now);
  const clock = new ProgressClock();
  const memory = new OutcomeMemory();
  const hold = new TopicHold(() => deps.holdOrder(topic), now);
  hold.describe(first);
  let desired = first;
  /** True: if the group has no commit now, it lost it; starting at `latest` would skip records. */
  let readBefore = false;
  let hash: string | null = null;
  let failures = 0;
  let retryAtMs = 0;
  let running: Running | null = null;
  let leaving: Running | null = null;
  let ending: { readonly cut: AbortController; readonly clean: Promise<boolean> } | null = null;

  const describe = (wanted: DesiredTopic): void => {
    desired = wanted;
    hold.describe(wanted);
  };

  const fail = (broken: Running, error: unknown): void => {
    // Its drain might never end by itself.
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
    const cause = causeOf(error, desired.spec.dataStream !== null);
    life.enter("failed", why, cause);
    const remedy = cause === null ? null : remedyFor(cause, { topic, ...deps.names() });
    deps.events.failed(topic, why, retryAtMs, remedy);
    broken.settled.resolve();
  };

  const dismantle = ({ inlets, intake }: Running): void => {
    intake?.close();
    inlets.close();
  };

  /** Updates the state from the group; called whenever it may have changed. */
  const look = (mine: Running): void => {
    if (running !== mine) return;
    const { intake, inlets } = mine;
    if (mine.isHeld) {
      life.enter("held", null);
      failures = 0;
      mine.settled.resolve();
      return;
    }
    const isForbidden = isReadingForbidden(inlets.trouble ?? "");
    const isUp = mine.ready && intake !== null && intake.isUp && !isForbidden;
    if (isUp) {
      life.enter("running", null);
    } else if (life.state === "running" || life.state === "held") {
      life.enter("starting", null);
    }
    if (isUp || isForbidden || (intake?.trouble ?? null) !== null) mine.settled.resolve();
  };

  /** Stops or begins reading, if an order or the declaration says so. */
  const holdOrRead = (): void => {
    const mine = running;
    const isHeld = hold.current !== null;
    if (mine === null || mine.isHeld === isHeld) return;
    mine.isHeld = isHeld;
    if (!isHeld) {
      clock.restart(now());
      if (mine.unready !== null) {
        fail(mine, mine.unready.error);
        return;
      }
    }
    mine.intake?.holdOrRead().catch((error: unknown) => fail(mine, error));
    look(mine);
  };

  /** Begins the drain, which further stops can only shorten. */
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
      // Otherwise the next start continues with the same partitions.
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
    get following() {
      if (running?.intake?.isUp !== true || (!running.isHeld && life.state !== "running")) return null;
      return running.inlets.pump.partitions(null).map(({ partition }) => partition);
    },
    holdOrRead,
    get problem() {
      if (life.state === "running" || life.state === "held") return null;
      if (life.state === "failed") return life.reason;
      return running?.intake?.trouble?.message ?? running?.inlets.trouble ?? null;
    },
    async start(order) {
      describe(order.desired);
      hash = order.hash;
      life.enter("starting", null);
      const own = deps.events.ofTopic(topic);
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
        deps.events.lost(topic, ranges);
      };
      const path = (): string | null => desired.spec.path;
      const inlets = deps.createInlets(order, { clock, memory, events, onLost, path });
      const mine: Running = {
        inlets,
        startedAtMs: now(),
        intake: null,
        ready: false,
        unready: null,
        isHeld: hold.current !== null,
        settled: Promise.withResolvers(),
      };
      running = mine;
      const open = (): void => {
        mine.intake = deps.intake.open(topic, {
          inlets,
          get isHeld() {
            return mine.isHeld;
          },
          startAt: () => (readBefore ? "earliest" : order.startAt),
          onRead: () => void (readBefore = true),
          onChange: () => look(mine),
        });
      };
      if (failures === 0 || mine.isHeld) open();
      order.ready.then(
        () => {
          mine.ready = true;
          if (running !== mine) return;
          if (mine.intake === null) open();
          mine.intake?.begin();
          look(mine);
        },
        (error: unknown) => {
          if (!mine.isHeld) fail(mine, error);
          // A held topic writes nothing. It fails and is tried again once it is released.
          else mine.unready = { error };
        },
      );
      look(mine);
      await mine.settled.promise;
    },
    async stop(next, drainMs) {
      hash = next?.hash ?? null;
      life.enter("stopping", next === null ? "no longer declared" : "to start with changed settings");
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
      describe(wanted);
      hash = null;
      failures = 0;
      life.enter("pending", why, why === MISSING ? { kind: "missing" } : null);
    },
    describe(wanted) {
      describe(wanted);
      holdOrRead();
    },
    tryNow() {
      retryAtMs = 0;
      running?.inlets.pump.tryNow();
    },
    observe(positions) {
      for (const position of positions) running?.inlets.pump.observe(position);
    },
    figures() {
      const pump = (running ?? leaving)?.inlets.pump;
      const { moved, deadLettered } = tally;
      return { topic, moved, deadLettered, lag: pump?.lag ?? null, readsFirst: pump?.isOurs(0) === true };
    },
    status() {
      // Troubles of its partitions' readers are not announced by events.
      if (running !== null) look(running);
      return statusOf(
        { topic, life, failures, hold: hold.current, desired, tally, running, present: running ?? leaving },
        deps,
      );
    },
  };
}
