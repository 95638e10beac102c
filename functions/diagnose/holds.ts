import { messageOf } from "../../lib/rules/base/errors.ts";
import type { DesiredTopic } from "../../lib/rules/declarations/desired.ts";
import { type Check, checksOf } from "../../lib/rules/diagnosis/check.ts";
import { judgeHolds, type TopicHold } from "../../lib/rules/diagnosis/kafka.ts";
import { holdEntries, orderOf } from "../../lib/rules/progress/hold.ts";
import { attempt } from "./attempt.ts";
import type { DiagnoseKafkaDeps } from "./kafka.ts";

const { skipped } = checksOf("kafka");

/** Lists the topics that are held, by their declarations and by orders. */
export async function diagnoseHolds(
  desired: ReadonlyMap<string, DesiredTopic>,
  deps: DiagnoseKafkaDeps,
): Promise<Check[]> {
  const stored = await attempt(deps, (signal) => deps.readHolds(signal));
  const entries = holdEntries(stored.ok ? stored.value : []);
  const held = new Map<string, TopicHold>();
  for (const [topic, { spec, sources }] of desired) {
    const order = orderOf(entries, topic);
    const ordered = order?.held === true ? order : null;
    const declared = spec.hold ? (sources[0] ?? null) : null;
    if (ordered !== null || declared !== null) held.set(topic, { order: ordered, declared });
  }
  return [
    ...judgeHolds(held),
    ...(stored.ok
      ? []
      : [skipped("held topics", `what orders hold is not known: ${messageOf(stored.error)}`)]),
  ];
}
