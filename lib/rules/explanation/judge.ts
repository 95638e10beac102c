import { counted } from "../base/units.ts";
import type { Check } from "../diagnosis/check.ts";
import type { Refusal } from "../model/declaration.ts";
import type { Settings } from "../model/settings.ts";
import { MISSING } from "../plan/plan.ts";
import type { ListedTopic } from "../progress/holdings.ts";
import { type Remedy, remedy } from "../remedies/remedy.ts";
import { namesIn, remedyFor } from "../remedies/topic.ts";

export interface TopicFacts {
  readonly topic: string;
  /** Whether Kafka has it; null if Kafka did not say. */
  readonly exists: boolean | null;
  readonly isDeclared: boolean;
  readonly refused: readonly Refusal[];
  readonly status: ListedTopic | null;
  readonly partitions: readonly { readonly lag: number | null }[];
  readonly checks: readonly Check[];
  readonly settings: Settings;
}

export interface Judgement {
  readonly says: string;
  readonly remedy: Remedy | null;
}

/** How a topic fares, in one sentence, and what would mend it. */
export function judgeTopic(facts: TopicFacts): Judgement {
  const { topic, exists, isDeclared, refused, status, settings } = facts;
  const [refusal] = refused;
  if (!isDeclared && status === null) {
    if (refusal !== undefined)
      return { says: `its declaration is refused: ${refusal.reason}`, remedy: remedy("correct it") };
    const declare = remedy("declare it", `penstock topics add ${topic}`);
    return { says: "no source declares it", remedy: settings.etcd === null ? remedy("declare it") : declare };
  }
  if (status !== null) {
    const { state, reason } = status;
    return {
      says: `${state}${reason === null ? "" : `: ${reason}`}`,
      remedy: status.remedy ?? (state === "running" && status.trouble === null ? null : firstRemedy(facts)),
    };
  }
  if (exists === false)
    return {
      says: `pending: ${MISSING}`,
      remedy: remedyFor({ kind: "missing" }, { topic, ...namesIn(settings) }),
    };
  return { says: withoutHost(facts), remedy: firstRemedy(facts) };
}

/** What the servers alone tell: not what a host does, but what it would meet. */
function withoutHost({ partitions, checks }: TopicFacts): string {
  const failed = checks.filter(({ state }) => state === "failed").length;
  const waiting = partitions.reduce((sum, { lag }) => sum + (lag ?? 0), 0);
  return [
    "seen without a host",
    `${counted(waiting, "record")} ${waiting === 1 ? "waits" : "wait"}`,
    failed === 0 ? "nothing is in the way of a host" : `${counted(failed, "check")} failed`,
  ].join("; ");
}

/** Of the first check that failed. */
function firstRemedy({ checks }: TopicFacts): Remedy | null {
  const check = checks.find((one) => one.state === "failed" && one.remedy !== null);
  return check === undefined ? null : remedy(check.remedy ?? "", check.command ?? null);
}
