import type { Declaration, Refusal, SourceRef, Specification } from "../model/declaration.ts";
import { indexNeededRule, isResolvedIndex, matchesTopicPattern } from "../model/names.ts";
import { specificationChanges, specify, type FieldChange } from "../model/specification.ts";

/** One topic as it should run. */
export interface DesiredTopic {
  readonly spec: Specification;
  /** Every declaration that names or covers it, the winner first. */
  readonly sources: readonly SourceRef[];
  /** Set if the winner's removal is pending, see Declaration. */
  readonly leavesAtMs?: number;
}

/** Two declarations of one topic that differ. The winner is used whole; nothing of the loser is. */
export interface Conflict {
  readonly topic: string;
  readonly winner: SourceRef;
  readonly loser: SourceRef;
  /** `from` is the winner's value, `to` the loser's. */
  readonly differs: readonly FieldChange[];
}

export interface Merged {
  readonly desired: ReadonlyMap<string, DesiredTopic>;
  readonly conflicts: readonly Conflict[];
  readonly refused: readonly Refusal[];
}

/**
 * Merges declarations into one specification per topic. Exact names win over patterns; within each kind the given order
 * decides: config file, then etcd by listed key, then position in the array.
 * @param declarations in that order
 * @param kafkaTopics the topics that exist in Kafka, to expand patterns
 */
export function mergeDeclarations(
  declarations: readonly Declaration[],
  kafkaTopics: Iterable<string>,
  deadLetterTopic: string,
): Merged {
  const desired = new Map<string, DesiredTopic>();
  const conflicts: Conflict[] = [];
  const refused: Refusal[] = [];

  const add = (declaration: Declaration, topic: string): void => {
    const spec = specify(declaration, topic);
    const { source, leavesAtMs } = declaration;
    const winner = desired.get(topic);
    if (winner === undefined) {
      desired.set(topic, { spec, sources: [source], ...(leavesAtMs === undefined ? {} : { leavesAtMs }) });
      return;
    }
    desired.set(topic, { ...winner, sources: [...winner.sources, source] });
    const differs = specificationChanges(winner.spec, spec);
    const [first] = winner.sources;
    if (differs.length > 0 && first !== undefined)
      conflicts.push({ topic, winner: first, loser: source, differs });
  };

  for (const declaration of declarations) {
    const { source, target } = declaration;
    if (target.kind !== "topic") continue;
    if (target.topic !== deadLetterTopic) {
      add(declaration, target.topic);
      continue;
    }
    // Parsing refuses it too, but not a declaration that was parsed before deadLetters.topic changed.
    const reason = `topic "${target.topic}" is the dead-letter topic (deadLetters.topic), which cannot be declared`;
    refused.push({ source, name: target.topic, reason, lastGoodKept: false });
  }
  const existing = [...kafkaTopics].sort();
  for (const declaration of declarations) {
    if (declaration.target.kind !== "pattern") continue;
    const { pattern } = declaration.target;
    for (const topic of existing) {
      if (!matchesTopicPattern(pattern, topic, deadLetterTopic)) continue;
      const { index } = specify(declaration, topic);
      if (isResolvedIndex(index)) {
        add(declaration, topic);
      } else if (!desired.has(topic)) {
        const reason = `topic "${topic}", covered by pattern "${pattern}": its index "${index}" ${indexNeededRule}`;
        refused.push({ source: declaration.source, name: topic, reason, lastGoodKept: false });
      }
    }
  }
  return { desired, conflicts, refused };
}

/** Looks up the specification of a topic, existing or not, and caches it; null if not declared. */
export function specificationLookup(
  declarations: readonly Declaration[],
  deadLetterTopic: string,
): (topic: string) => Specification | null {
  const known = new Map<string, Specification | null>();
  return (topic) => {
    if (!known.has(topic)) {
      const { desired } = mergeDeclarations(declarations, [topic], deadLetterTopic);
      known.set(topic, desired.get(topic)?.spec ?? null);
    }
    return known.get(topic) ?? null;
  };
}
