import { outcomeNames, type StepRecord, type TopicStep } from "../../../lib/rules/history/record.ts";
import { COARSE_STEP_MS, FINE_STEP_MS } from "../../../lib/rules/history/series-store.ts";
import type { OutcomeCounts, TopicStatus } from "../../../lib/rules/progress/status.ts";
import { lagOf } from "../topic/topic-figures.ts";

/** Turns the counts of a host's topics into records of one and of ten minutes. */
export interface StepCounter {
  /**
   * Counts what happened since the last call for the minute that begins at `minute`.
   * @param minute in milliseconds since the epoch
   * @returns the records to keep; none if that minute was counted already: the next call counts what is left
   */
  count(statuses: readonly TopicStatus[], minute: number): readonly StepRecord[];
  /** The records of the ten minutes that are under way. */
  rest(): readonly StepRecord[];
}

/** In one record: fewer than 100 KB. */
const TOPICS_AT_ONCE = 1_000;
const NOTHING: OutcomeCounts = { indexed: 0, duplicate: 0, deadLettered: 0, skipped: 0 };

/** @param run identifies the process */
export function createStepCounter(run: string): StepCounter {
  let counted = new Map<string, OutcomeCounts>();
  /** Topics whose last known lag was above 0: if it becomes unknown, it is not 0. */
  const behind = new Set<string>();
  let countedAt = -1;
  let coarse = new Map<string, TopicStep>();

  const recordsOf = (at: number, stepMs: number, topics: readonly TopicStep[]): StepRecord[] => {
    const parts = Math.max(1, Math.ceil(topics.length / TOPICS_AT_ONCE));
    return Array.from({ length: parts }, (_, part) => ({
      kind: "step",
      run,
      at,
      stepMs,
      part,
      topics: topics.slice(part * TOPICS_AT_ONCE, (part + 1) * TOPICS_AT_ONCE),
    }));
  };

  const rest = (): StepRecord[] => {
    if (countedAt < 0) return [];
    const at = Math.floor(countedAt / COARSE_STEP_MS) * COARSE_STEP_MS;
    return recordsOf(at, COARSE_STEP_MS, [...coarse.values()]);
  };

  const stepOf = ({ topic, counts, partitions }: TopicStatus): TopicStep | null => {
    const before = counted.get(topic) ?? NOTHING;
    // The counts of a topic that was stopped and started again begin at 0.
    const isReset = outcomeNames.some((name) => counts[name] < before[name]);
    const since = (name: keyof OutcomeCounts): number => counts[name] - (isReset ? 0 : before[name]);
    const known = lagOf(partitions);
    if (known !== null && known > 0) behind.add(topic);
    else if (known === 0) behind.delete(topic);
    const lag = known ?? (behind.has(topic) ? null : 0);
    const step = {
      topic,
      lag,
      indexed: since("indexed"),
      duplicate: since("duplicate"),
      deadLettered: since("deadLettered"),
      skipped: since("skipped"),
    };
    return lag === 0 && outcomeNames.every((name) => step[name] === 0) ? null : step;
  };

  return {
    rest,
    count(statuses, minute) {
      if (minute <= countedAt) return [];
      const due: StepRecord[] = [];
      if (Math.floor(minute / COARSE_STEP_MS) > Math.floor(countedAt / COARSE_STEP_MS)) {
        due.push(...rest());
        coarse = new Map();
      }
      const steps = statuses.flatMap((status) => stepOf(status) ?? []);
      counted = new Map(statuses.map(({ topic, counts }) => [topic, counts]));
      for (const topic of behind) if (!counted.has(topic)) behind.delete(topic);
      for (const step of steps) coarse.set(step.topic, together(coarse.get(step.topic), step));
      countedAt = minute;
      return [...due, ...recordsOf(minute, FINE_STEP_MS, steps)];
    },
  };
}

/** Of two minutes of one topic: the sum of its outcomes, and the higher lag. */
function together(before: TopicStep | undefined, step: TopicStep): TopicStep {
  if (before === undefined) return step;
  const lag =
    before.lag === null || step.lag === null ? (before.lag ?? step.lag) : Math.max(before.lag, step.lag);
  return {
    topic: step.topic,
    lag,
    indexed: before.indexed + step.indexed,
    duplicate: before.duplicate + step.duplicate,
    deadLettered: before.deadLettered + step.deadLettered,
    skipped: before.skipped + step.skipped,
  };
}
