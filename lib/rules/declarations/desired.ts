import type { Declaration, Refusal, SourceRef, Specification } from "../model/declaration.ts";
import { excludingGlob, matchesTopicPattern } from "../model/names.ts";
import {
  contradictions,
  specify,
  targetFault,
  targetText,
  type FieldChange,
} from "../model/specification.ts";
import { identityOf } from "./patience.ts";
import { retentionMs } from "../model/data-stream.ts";

/** One topic as it should run. */
export interface DesiredTopic {
  readonly spec: Specification;
  /** Every declaration that names or covers it, the winner first. */
  readonly sources: readonly SourceRef[];
  /**
   * Set if declarations of the winner's own name give different paths. Which of them is a record's is then only known from
   * its header, and the specification has none.
   */
  readonly paths?: readonly PathClaim[];
  /** Set if the winner's removal is pending, see Declaration. */
  readonly leavesAtMs?: number;
}

export interface PathClaim {
  readonly source: SourceRef;
  readonly path: string;
}

/**
 * Two declarations of one topic that differ in more than their path. The winner is used whole; nothing of the loser is. Or two topics of one data
 * stream with different retentions: the longer one wins.
 */
export interface Conflict {
  /** With `dataStream`: the topic whose retention does not count. */
  readonly topic: string;
  readonly winner: SourceRef;
  readonly loser: SourceRef;
  /** `from` is the winner's value, `to` the loser's. */
  readonly differs: readonly FieldChange[];
  /** The data stream that two topics share; absent if both declarations are of one topic. */
  readonly dataStream?: string;
}

/** What a pattern does not cover because of its `exclude`. */
export interface Exclusion {
  readonly source: SourceRef;
  readonly pattern: string;
  /** The number of topics that it covers. */
  readonly covered: number;
  /** In the declared order; a topic is listed at the first glob that matches it. */
  readonly globs: readonly { readonly glob: string; readonly topics: readonly string[] }[];
}

/** The same for an answer: 10,000 names would drown the rest. */
export interface ToldExclusion extends Omit<Exclusion, "globs"> {
  readonly globs: readonly {
    readonly glob: string;
    /** The number of topics. */
    readonly topics: number;
    /** Some of them. */
    readonly first: readonly string[];
  }[];
}

const toldNames = 3;

export function tellExclusion({ globs, ...rest }: Exclusion): ToldExclusion {
  const told = globs.map(({ glob, topics }) => ({
    glob,
    topics: topics.length,
    first: topics.slice(0, toldNames),
  }));
  return { ...rest, globs: told };
}

export interface Merged {
  readonly desired: ReadonlyMap<string, DesiredTopic>;
  readonly conflicts: readonly Conflict[];
  /** One for each pattern with `exclude`. */
  readonly excluded: readonly Exclusion[];
  readonly refused: readonly Refusal[];
}

/**
 * Merges declarations into one specification per topic. Exact names win over patterns; within each kind the given order
 * decides: config file, then etcd by listed key, then position in the array. The path alone is not the winner's: it is
 * the one that all declarations of the winner's own topic name or pattern agree on, as far as they give one.
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
  const excluded: Exclusion[] = [];

  const claims = new Map<string, { readonly identity: string; readonly paths: PathClaim[] }>();
  const add = (declaration: Declaration, topic: string): void => {
    const spec = specify(declaration, topic);
    const { source, leavesAtMs } = declaration;
    const identity = identityOf(declaration);
    const claimed = claims.get(topic) ?? { identity, paths: [] };
    claims.set(topic, claimed);
    if (claimed.identity === identity && spec.path !== null) claimed.paths.push({ source, path: spec.path });
    const winner = desired.get(topic);
    if (winner === undefined) {
      desired.set(topic, { spec, sources: [source], ...(leavesAtMs === undefined ? {} : { leavesAtMs }) });
      return;
    }
    desired.set(topic, { ...winner, sources: [...winner.sources, source] });
    const differs = contradictions(winner.spec, spec);
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
    const { pattern, exclude = [] } = declaration.target;
    const matching = existing.filter((topic) => matchesTopicPattern(pattern, topic, deadLetterTopic));
    const byGlob = Map.groupBy(matching, (topic) => excludingGlob(exclude, topic));
    const covered = byGlob.get(null) ?? [];
    if (exclude.length > 0) {
      const globs = exclude.map((glob) => ({ glob, topics: byGlob.get(glob) ?? [] }));
      excluded.push({ source: declaration.source, pattern, covered: covered.length, globs });
    }
    for (const topic of covered) {
      const spec = specify(declaration, topic);
      const fault = targetFault(spec);
      if (fault === null) {
        add(declaration, topic);
      } else if (!desired.has(topic)) {
        const reason = `topic "${topic}", covered by pattern "${pattern}": its ${targetText(spec)} ${fault}`;
        refused.push({ source: declaration.source, name: topic, reason, lastGoodKept: false });
      }
    }
  }
  for (const [topic, wanted] of desired) {
    const paths = claims.get(topic)?.paths ?? [];
    const differ = paths.some(({ path }) => path !== paths[0]?.path);
    const path = differ ? null : (paths[0]?.path ?? null);
    if (differ || path !== wanted.spec.path)
      desired.set(topic, { ...wanted, spec: { ...wanted.spec, path }, ...(differ && { paths }) });
  }
  return { desired, conflicts: [...conflicts, ...shareRetentions(desired)], excluded, refused };
}

/**
 * Gives all topics of one data stream one retention, the longest that any of them declares: nothing is deleted earlier
 * than somebody asked for. A topic without `retention` asks for none, so the stream then gets none. The outcome does not
 * depend on the order of topics, so all hosts write the same template.
 * @returns one conflict per topic whose own retention does not count
 */
function shareRetentions(desired: Map<string, DesiredTopic>): Conflict[] {
  const longest = new Map<string, DesiredTopic>();
  for (const topic of desired.values()) {
    const { dataStream } = topic.spec;
    if (dataStream === null) continue;
    const known = longest.get(dataStream);
    if (known === undefined || keptMs(topic.spec) > keptMs(known.spec)) longest.set(dataStream, topic);
  }
  const conflicts: Conflict[] = [];
  for (const [topic, wanted] of desired) {
    const { dataStream, retention } = wanted.spec;
    const winner = dataStream === null ? undefined : longest.get(dataStream);
    if (dataStream === null || winner === undefined || winner.spec.retention === retention) continue;
    desired.set(topic, { ...wanted, spec: { ...wanted.spec, retention: winner.spec.retention } });
    if (keptMs(winner.spec) === keptMs(wanted.spec)) continue;
    const [winning, losing]: readonly (SourceRef | undefined)[] = [winner.sources[0], wanted.sources[0]];
    if (winning === undefined || losing === undefined) continue;
    const differs = [{ field: "retention", from: winner.spec.retention, to: retention }];
    conflicts.push({ topic, winner: winning, loser: losing, differs, dataStream });
  }
  return conflicts;
}

/** Milliseconds; infinite without a retention. */
function keptMs({ retention }: Specification): number {
  return retention === null ? Infinity : (retentionMs(retention) ?? Infinity);
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
