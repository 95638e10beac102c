import {
  type Conflict,
  mergeDeclarations,
  tellExclusion,
  type ToldExclusion,
} from "../lib/rules/declarations/desired.ts";
import type { Declaration, Refusal } from "../lib/rules/model/declaration.ts";
import { specificationHash } from "../lib/rules/model/specification.ts";
import { type ObservedTopic, type Plan, planTopics } from "../lib/rules/plan/plan.ts";
import type { TopicStatus } from "../lib/rules/progress/status.ts";

/** A topic of a running host, as `GET /topics` shows it. */
export type RunningTopic = Pick<TopicStatus, "topic" | "state" | "sources" | "spec">;

export interface PreviewInput {
  readonly declarations: readonly Declaration[];
  /** Declarations that cannot be read. */
  readonly refusals: readonly Refusal[];
  readonly deadLetterTopic: string;
  /** Of the host to compare with; empty for a host that is just starting. */
  readonly running: readonly RunningTopic[];
  /** The existing topics. */
  readonly inKafka: ReadonlySet<string>;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

export interface Preview {
  readonly plan: Plan;
  readonly conflicts: readonly Conflict[];
  readonly excluded: readonly ToldExclusion[];
}

/** What a host would do if these were its declarations: the plan that it would make itself. */
export function previewPlan(input: PreviewInput): Preview {
  const { declarations, refusals, deadLetterTopic, running, inKafka, now } = input;
  const merged = mergeDeclarations(declarations, inKafka, deadLetterTopic);
  const plan = planTopics({
    desired: merged.desired,
    observed: new Map(running.map((topic) => [topic.topic, observed(topic)])),
    kafkaTopics: inKafka,
    kafkaError: null,
    refused: [...refusals, ...merged.refused],
    excluded: merged.excluded,
    now,
  });
  return { plan, conflicts: merged.conflicts, excluded: merged.excluded.map(tellExclusion) };
}

function observed({ spec, sources, state }: RunningTopic): ObservedTopic {
  const lives = state !== "pending" && state !== "stopping";
  return { spec, sources, state, hash: lives ? specificationHash(spec) : null, retryAtMs: 0 };
}
