import { countText, durationText } from "../../../../lib/rules/base/units.ts";
import { oneLine } from "../../../../lib/rules/base/visible-text.ts";
import { progressText, type RebuildStatus } from "../../../../lib/rules/rebuild/rebuild-status.ts";

/** The state of a rebuild, for a person. */
export function formatRebuild(topic: string, status: RebuildStatus): string {
  const { index, old, alias, state, reason, by, since, rate, secondsLeft, counts, lost } = status;
  const pace = [
    ...(rate === null || state !== "running" ? [] : [`${countText(rate)} a second`]),
    ...(secondsLeft === null ? [] : [`${durationText(secondsLeft * 1_000)} left`]),
  ];
  const numbers = Object.entries({
    indexed: counts.indexed,
    duplicate: counts.duplicate,
    "dead-lettered": counts.deadLettered,
    skipped: counts.skipped,
    ...(lost > 0 && { "deleted by Kafka before they were read": lost }),
  });
  const lines = [
    `${topic}: ${old} → ${index}${alias === null ? "" : `, behind alias ${alias}`} (by ${by}, since ${since})`,
    [`${state}: ${progressText(status)}`, ...pace].join(", "),
    numbers.map(([name, value]) => `${name} ${countText(value)}`).join(", "),
    ...(reason === null ? [] : [reason]),
  ];
  return `${lines.map(oneLine).join("\n  ")}\n`;
}
