import type { DesiredTopic } from "../../../lib/rules/declarations/desired.ts";
import type { Hold } from "../../../lib/rules/progress/hold.ts";
import { withDeletion } from "../../../lib/rules/progress/retention.ts";
import { shownState } from "../../../lib/rules/progress/stall.ts";
import type { TopicStatus } from "../../../lib/rules/progress/status.ts";
import { troubleOf } from "../../../lib/rules/progress/trouble.ts";
import { remedyFor } from "../../../lib/rules/remedies/topic.ts";
import type { TopicInlets } from "../inlet/topic-inlets.ts";
import type { TopicIntake } from "./open-topic.ts";
import type { RunnerDeps } from "./runner-deps.ts";
import { forbiddance, heldBack, type TopicLife } from "./topic-life.ts";
import type { TopicTally } from "./topic-tally.ts";

/** The part of a run that its status is read from. */
export interface PresentRun {
  readonly inlets: TopicInlets;
  /** Null: the group has not been told yet. */
  readonly intake: TopicIntake | null;
}

export interface StatusInput {
  readonly topic: string;
  readonly life: TopicLife;
  /** Failed starts in a row. */
  readonly failures: number;
  readonly hold: Hold | null;
  readonly desired: DesiredTopic;
  readonly tally: TopicTally;
  readonly running: PresentRun | null;
  /** The run whose partitions are shown, also while it drains. */
  readonly present: PresentRun | null;
}

/** A topic's status, put together from what its run, the group and the clock say. */
export function statusOf(
  { topic, life, failures, hold, desired, tally, running, present }: StatusInput,
  deps: Pick<RunnerDeps, "keptForMs" | "names" | "time">,
): TopicStatus {
  const at = deps.time.now();
  const { state, sinceMs, downSince } = life;
  const { inlets, intake } = running ?? {};
  const ofInlets = inlets?.trouble ?? null;
  const blocked = intake?.trouble ?? forbiddance(ofInlets, sinceMs);
  const trouble = inlets?.pump.trouble ?? null;
  const told = present?.inlets.pump.partitions(present.intake?.partitions ?? null) ?? [];
  const partitions = withDeletion(told, deps.keptForMs(topic), at, trouble !== null);
  const known = {
    state,
    reason: life.reason ?? ofInlets ?? intake?.hint ?? null,
    cause: life.cause ?? (ofInlets === null ? null : ({ kind: "kafka", reason: ofInlets } as const)),
    sinceMs,
    trouble,
    hold,
  };
  const { cause, ...shown } = shownState(heldBack(known, blocked), partitions, at);
  return {
    topic,
    ...shown,
    remedy: cause === null ? null : remedyFor(cause, { topic, ...deps.names() }),
    trouble: troubleOf({ ...shown, downSince, partitions, trouble, failures }),
    downSince,
    hold,
    sources: desired.sources,
    spec: desired.spec,
    partitions,
    ...tally.status(),
  };
}
