import type { DesiredTopic } from "../declarations/desired.ts";
import { bareSpecification } from "../model/specification.ts";
import { placeText } from "../progress/hold.ts";

/** One setting of a topic, and where it comes from. */
export interface ExplainedSetting {
  readonly name: string;
  readonly value: string | boolean | readonly string[] | null;
  /** The place of the declaration; null for the default. */
  readonly from: string | null;
}

/** The settings of a topic. Those that are as without any word in the declaration count as defaults. */
export function settingsOf({ spec, sources }: DesiredTopic): ExplainedSetting[] {
  const defaults = new Map<string, unknown>(Object.entries(bareSpecification(spec.topic)));
  const [winner] = sources;
  const place = winner === undefined ? null : placeText(winner);
  return Object.entries(spec)
    .filter(([name]) => name !== "topic")
    .map(([name, value]: [string, ExplainedSetting["value"]]) => ({
      name,
      value,
      from: JSON.stringify(value) === JSON.stringify(defaults.get(name)) ? null : place,
    }));
}
