import type { StartOrder } from "../../../functions/reconcile-topics/apply-plan.ts";
import type { PartitionPosition } from "../../../lib/adapters/kafka/reader/reader.ts";
import type { DesiredTopic } from "../../../lib/rules/declarations/desired.ts";
import type { ObservedTopic } from "../../../lib/rules/plan/plan.ts";
import type { HoldOrder } from "../../../lib/rules/progress/hold.ts";
import type { TopicStatus } from "../../../lib/rules/progress/status.ts";
import type { TopicNames } from "../../../lib/rules/remedies/topic.ts";
import type { Time } from "../../../lib/rules/base/time.ts";
import type { TopicInlets, TopicInletsDeps } from "../inlet/topic-inlets.ts";
import type { PumpDeps } from "../pump/pump.ts";
import type { Intake } from "./intake.ts";
import type { PoolEvents } from "./topic-events.ts";
import type { TopicFigures } from "./topic-figures.ts";

export interface RunnerDeps {
  readonly intake: Intake;
  createInlets(
    order: StartOrder,
    own: Pick<PumpDeps, "clock" | "memory" | "events"> &
      Pick<TopicInletsDeps, "onLost"> & {
        /** The path now, which changes without a restart. */
        readonly path: () => string | null;
      },
  ): TopicInlets;
  /** Kafka's retention of the topic; null: unknown. */
  keptForMs(topic: string): number | null;
  /** The names that remedies need. */
  names(): Omit<TopicNames, "topic">;
  /** What a person ordered; null: nothing. */
  holdOrder(topic: string): HoldOrder | null;
  readonly events: PoolEvents;
  readonly time: Time;
}

/** One topic of this host, from its declaration to its end. */
export interface TopicRunner extends ObservedTopic {
  /** Why it does not run, if that needs attention; null: it runs or is about to. */
  readonly problem: string | null;
  /** Resolves once it runs, has a problem or is stopped; never throws. */
  start(order: StartOrder): Promise<void>;
  /**
   * Lets what was sent finish and be committed for at most `drainMs` (null: no limit). Called again while it stops, the
   * shorter time counts.
   * @param next its next start, for which its partitions stay with this host; null: it stops for good
   * @returns true if everything sent was committed
   */
  stop(next: StartOrder | null, drainMs: number | null): Promise<boolean>;
  /** Waits for the topic to exist, or for Kafka to answer. */
  pend(desired: DesiredTopic, reason: string): void;
  /** Updates where it is declared, its path, and whether that holds it; the rest of the specification is the same. */
  describe(desired: DesiredTopic): void;
  /** Does not wait for the next try: of a failed start, or of refused records. */
  tryNow(): void;
  /** An order may have changed. */
  holdOrRead(): void;
  /** The partitions that follow the current order or its end; null: not all do yet. */
  readonly following: readonly number[] | null;
  status(): TopicStatus;
  /** The part of the status that is read every few seconds for thousands of topics. */
  figures(): TopicFigures;
  /** Takes positions that were requested separately from fetches. */
  observe(positions: readonly PartitionPosition[]): void;
}
