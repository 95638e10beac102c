import { type Check, checksOf, isRefused, type Refused } from "../diagnosis/check.ts";
import type { HistorySettings } from "../model/settings.ts";
import type { TopicConfig } from "../progress/retention.ts";

/** What Kafka says of the topic: that it is missing, and why it cannot be created (null: it can), or its settings. */
export type HistoryFacts =
  | { readonly kind: "absent"; readonly refusal: string | null }
  | { readonly kind: "there"; readonly config: Pick<TopicConfig, "cleanupPolicy"> | Refused };

const { ok, warning } = checksOf("kafka");

/** A history that cannot be kept stops no record: it is a warning at most. */
export function judgeHistory({ topic }: HistorySettings, facts: HistoryFacts): Check {
  const name = `history topic ${topic}`;
  if (facts.kind === "absent") {
    if (facts.refusal === null) return ok(name, "does not exist yet; the first host creates it");
    return warning(
      name,
      `it does not exist and cannot be created: ${facts.refusal}`,
      "create it with two partitions, or grant CREATE; until then charts and events end with each host. Or set history.enabled to false",
    );
  }
  const { config } = facts;
  if (isRefused(config))
    return warning(
      name,
      `it exists, but its settings cannot be read: ${config.refused}`,
      "grant DESCRIBE_CONFIGS on it, and READ and WRITE for hosts",
    );
  if (config.cleanupPolicy?.includes("compact"))
    return warning(
      name,
      `its cleanup.policy is ${config.cleanupPolicy}: all records of a group have one key, so all but the last are deleted`,
      "set its cleanup.policy to delete",
    );
  return ok(name, "it exists (writing was not tried)");
}
