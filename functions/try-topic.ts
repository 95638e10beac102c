import type { BulkLimits } from "../lib/rules/bulk/requests.ts";
import type { Specification } from "../lib/rules/model/declaration.ts";
import { summarize } from "../lib/rules/trial/summary.ts";
import type { TriedTopic } from "../lib/rules/trial/tried.ts";
import { readNewest, type ReadNewestDeps } from "./try-topic/read-newest.ts";
import { tryRecords, type TryRecordsDeps, withTimes } from "./try-topic/try-records.ts";

/** Records of one trial: enough to see what a topic holds, and few enough for one answer. */
export const maxTried = 1_000;
export const defaultTried = 100;
/** How long reading them may take; the rest of a trial is quicker. */
export const readingMs = 20_000;

export interface TryTopicInput {
  readonly spec: Specification;
  /** How many of the newest records, at most {@link maxTried}. */
  readonly last: number;
  readonly limits: BulkLimits;
}

export interface TryTopicDeps extends ReadNewestDeps, Omit<TryRecordsDeps, "signal"> {}

/**
 * Tries a declaration: reads the newest records of a topic, makes documents of them as a host would, and finds out what
 * Elasticsearch would do with each. Commits nothing, and writes nothing that stays. The topic need not be declared.
 *
 * @throws PenstockError `topic_missing`, `kafka_refused` or `kafka_unavailable`; the signal's reason. If Elasticsearch
 *   fails, the outcomes are unknown, and the documents are returned all the same
 */
export async function tryTopic(
  { spec, last, limits }: TryTopicInput,
  deps: TryTopicDeps,
): Promise<TriedTopic> {
  const newest = await readNewest(spec.topic, last, deps);
  // The oldest first, as a host would send them: a mapping learns a field's type from the first document that has it.
  const records = withTimes(newest.records.toReversed(), deps.now());
  const { records: tried, findings, leftBehind } = await tryRecords({ spec, records, limits }, deps);
  return {
    spec,
    partitions: newest.partitions,
    problem: findings.blocked ?? findings.unknown,
    notes: [...newest.notes, ...findings.notes, ...leftBehind],
    ...summarize(tried, spec.format === "json" && spec.timestamp !== null),
    targets: findings.targets.map(({ name, kind, fields }) => {
      const records = tried.filter(({ index }) => index === name).length;
      return { name, kind, records, fields };
    }),
    records: tried.map(({ sent: _sent, ...record }) => record).toReversed(),
  };
}
