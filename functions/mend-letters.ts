import type { BulkLimits } from "../lib/rules/bulk/requests.ts";
import type { ReadDeadLetter } from "../lib/rules/dead-letters/dead-letter-reader.ts";
import { documentId } from "../lib/rules/documents/document-id.ts";
import type { Mapping } from "../lib/rules/json/object.ts";
import { mappingAt, placeOf } from "../lib/rules/mending/field-place.ts";
import type { Effect, MendingCase, Plan, Proposal, RefusingTarget } from "../lib/rules/mending/proposal.ts";
import { besideNames } from "../lib/rules/mending/elsewhere.ts";
import { proposalsFor } from "../lib/rules/mending/proposals.ts";
import { helps, incomparableBecause, type Verdict, verdictOf } from "../lib/rules/mending/verdict.ts";
import type { Specification } from "../lib/rules/model/declaration.ts";
import { indexPatternOf, isDated, leadsTo } from "../lib/rules/model/names.ts";
import type { SourceRecord } from "../lib/rules/model/record.ts";
import { PenstockError, usage } from "../lib/rules/base/errors.ts";
import { firstNames } from "../lib/rules/base/first-names.ts";
import { quoted } from "../lib/rules/base/visible-text.ts";
import { bareSpecification, withIndex } from "../lib/rules/model/specification.ts";
import { withStandIns } from "../lib/rules/time/time-stand-in.ts";
import {
  sampleLetters,
  type SampleLettersDeps,
  type SampleLettersInput,
} from "./mend-letters/sample-letters.ts";
import { readNewest } from "./try-topic/read-newest.ts";
import { type Trial, tryRecords, withTimes } from "./try-topic/try-records.ts";

export interface MendInput extends SampleLettersInput {
  /** Another index to replay the letters to; null if none was asked for. */
  readonly into: string | null;
  /** Whether Penstock manages templates. */
  readonly managed: boolean;
}

export interface MendDeps extends Omit<SampleLettersDeps, "deadline"> {
  /** Reads the dead-letter topic when its turn comes; the deadline is that of the reading alone. */
  readLetters<T>(read: (deadline: AbortSignal) => Promise<T>): Promise<T>;
  /** Current settings of a topic; null if it is no longer declared. */
  specificationOf(topic: string): Specification | null;
  /** Those of the topics in force. */
  specifications(): readonly Specification[];
  /** @throws PenstockError `elasticsearch_unavailable` or `elasticsearch_refused` */
  readTarget(spec: Specification, signal: AbortSignal): Promise<RefusingTarget>;
  /** Whether an index, alias or data stream has the name; false if the user may not see it. @throws as `readTarget` */
  isTaken(name: string, signal: AbortSignal): Promise<boolean>;
  /** The template that later indices of a name are made from; null if there is none, or it is unknown. @throws as `readTarget` */
  makingTemplate(
    index: string,
    field: string | null,
    signal: AbortSignal,
  ): Promise<{ readonly name: string; readonly mapsField: boolean } | null>;
}

/** Why an index refuses a group of letters, and what may make it take them. */
export interface Mending {
  readonly target: Pick<RefusingTarget, "kind" | "index">;
  /** The mapping of the field that the reason names; null if it names none, or the index does not have it. */
  readonly mapping: Mapping | null;
  readonly template: { readonly name: string; readonly mapsField: boolean } | null;
  /** Letters that no index has, among the newest: those that proposals are tried with. */
  readonly letters: number;
  /** False if there may be letters that were not read. */
  readonly complete: boolean;
  /** The smallest change first. */
  readonly proposals: readonly Proposal[];
}

interface Case extends Mending {
  readonly plans: readonly Plan[];
  readonly spec: Specification;
  readonly sample: readonly ReadDeadLetter[];
}

/**
 * Looks at the index that refused a group of letters, and proposes changes. Changes nothing.
 * @throws PenstockError `kafka_…` or `elasticsearch_…`; `usage` if neither a declaration nor a letter leads to the index;
 * the signal's reason
 */
export async function proposeMending(input: MendInput, deps: MendDeps): Promise<Mending> {
  const { plans: _plans, spec: _spec, sample: _sample, ...mending } = await caseOf(input, deps);
  return mending;
}

async function caseOf(input: MendInput, deps: MendDeps): Promise<Case> {
  const { group, into } = input;
  const { signal } = deps;
  const declared = deps.specificationOf(group.topic);
  const isDeclaredFor = declared !== null && leadsTo(declared.index, group.index);
  const spec = withIndex(declared ?? bareSpecification(group.topic), group.index);
  const { letters: sample, complete } = await deps.readLetters((deadline) =>
    sampleLetters(input, { ...deps, deadline }),
  );
  // Otherwise, whoever may look at letters could look at the mapping of any index.
  if (!isDeclaredFor && sample.length === 0)
    throw usage(
      `index ${quoted(group.index)} is not where topic ${quoted(group.topic)} goes, and no open letter of this group was read`,
    );
  const target = await deps.readTarget(spec, signal);
  const hasSuccessors =
    target.kind === "alias" ||
    target.kind === "data stream" ||
    (declared !== null && (isDated(declared.index) || declared.index !== group.index));
  const plans = proposalsFor({
    group,
    reasons: [...new Set(sample.map(({ error }) => error.reason))],
    target,
    spec,
    isDeclaredFor,
    hasSuccessors,
    managed: input.managed,
    searched: declared === null ? null : indexPatternOf(declared.index),
    others: firstNames(topicsInto([group.index, target.index], group.topic, deps)),
    into,
    beside: await lookBeside(besideNames(group, target.kind), deps),
  });
  const place = group.field === null ? null : placeOf(target.mappings, group.field);
  return {
    target: { kind: target.kind, index: target.index },
    mapping: place === null ? null : mappingAt(target.mappings, place),
    template: await deps.makingTemplate(group.index, group.field, signal),
    letters: sample.length,
    complete,
    proposals: plans.map(({ proposal }) => proposal),
    plans,
    spec,
    sample,
  };
}

/** Other topics in force that write to one of these. */
function topicsInto(
  indices: readonly (string | null)[],
  but: string,
  deps: Pick<MendDeps, "specifications">,
): readonly string[] {
  const writing = deps
    .specifications()
    .filter(({ index }) => indices.some((name) => name !== null && leadsTo(index, name)));
  return writing.flatMap(({ topic }) => (topic === but ? [] : topic));
}

async function lookBeside(names: readonly string[], deps: MendDeps): Promise<MendingCase["beside"]> {
  for (const [at, name] of names.entries())
    if (!(await deps.isTaken(name, deps.signal))) return { free: name, taken: names.slice(0, at) };
  return { free: null, taken: names };
}

export interface TryMendingDeps extends MendDeps {
  /** @param index the one that documents go to; the effect is on it alone */
  openTrial(spec: Specification, index: string, effect: Effect): Trial;
  /** Makes what was written to an index searchable. @throws PenstockError `elasticsearch_refused` without the right to */
  refresh(index: string, signal: AbortSignal): Promise<void>;
  /** Milliseconds since the epoch. */
  now(): number;
  /** Begins the time for reading the topic, which ends with what was read so far. */
  topicDeadline(): AbortSignal;
  /** After it, further proposals are not tried. */
  readonly trialDeadline: AbortSignal;
}

export interface TriedMending extends Mending {
  /** By the proposal's id; those that are missing were not tried for lack of time. */
  readonly verdicts: Readonly<Record<string, Verdict>>;
  /** The smallest change that takes all letters and leaves good records as they are; null if none does. */
  readonly best: string | null;
  /** Why none can be called the smallest, in a sentence; null if that can be told. */
  readonly incomparable: string | null;
}

/** Good records that each proposal is tried with, and among how many of the newest they are looked for. */
const GOOD = 100;
const LOOKED_AT = 1_000;

/**
 * Tries each proposal on letters of the group and on the newest records of the topic, in scratch indices. Writes nothing
 * that stays.
 * @throws as {@link proposeMending}
 */
export async function tryMending(
  input: MendInput & { readonly limits: BulkLimits },
  deps: TryMendingDeps,
): Promise<TriedMending> {
  const { plans, spec, sample, ...mending } = await caseOf(input, deps);
  const { signal } = deps;
  const letters = sample.flatMap(({ record, failedAt }) => withStandIns([record], null, failedAt).records);
  const good = await goodRecords();
  let asNow: Awaited<ReturnType<typeof attempt>> | null = null;
  const verdicts: Record<string, Verdict> = {};
  for (const plan of plans) {
    if (deps.trialDeadline.aborted) break;
    const tried = await attempt(plan);
    // The first plan changes nothing.
    asNow ??= tried;
    verdicts[plan.proposal.id] = verdictOf(asNow.good, tried.good, tried.letters, tried.notes);
  }
  const incomparable = incomparableBecause(asNow);
  const best = plans.find(({ proposal: { id } }) => {
    const verdict = verdicts[id];
    return incomparable === null && verdict !== undefined && helps(verdict);
  });
  return { ...mending, verdicts, best: best?.proposal.id ?? null, incomparable };

  /** The newest records of the topic that its index has, the oldest first. */
  async function goodRecords(): Promise<readonly SourceRecord[]> {
    try {
      const newest = await readNewest(spec.topic, LOOKED_AT, { ...deps, deadline: deps.topicDeadline() });
      const ids = newest.records.map((record) => documentId(spec.topic, record));
      const target = indexPatternOf(deps.specificationOf(spec.topic)?.index ?? spec.index);
      await refresh(target);
      const { holders } = await deps.findHolders([target], ids, signal);
      const there = newest.records.filter((_, at) => holders.has(ids[at] ?? "")).slice(0, GOOD);
      return withTimes(there.toReversed(), deps.now());
    } catch (error) {
      // Its letters can be replayed all the same.
      if (error instanceof PenstockError && error.code === "topic_missing") return [];
      throw error;
    }
  }

  /** Of a busy topic, all of the newest records may be of the last second, which is not searchable yet. */
  async function refresh(target: string): Promise<void> {
    try {
      await deps.refresh(target, signal);
    } catch (error) {
      // Without the right to, good records are only those that are searchable anyway.
      if (!(error instanceof PenstockError) || error.code !== "elasticsearch_refused") throw error;
    }
  }

  /** The letters come last: the mapping learns from good records first, as it did. */
  async function attempt({ proposal, effect }: Plan) {
    const index = proposal.index ?? spec.index;
    const { records, findings, leftBehind } = await tryRecords(
      {
        spec: { ...withIndex(spec, index), ...effect.spec },
        records: [...good, ...letters],
        limits: input.limits,
      },
      { now: () => deps.now(), signal, openTrial: (tried) => deps.openTrial(tried, index, effect) },
    );
    const { blocked, unknown, notes } = findings;
    return {
      problem: blocked ?? unknown,
      good: records.slice(0, good.length),
      letters: records.slice(good.length),
      notes: [blocked, unknown].flatMap((problem) => problem ?? []).concat(notes, leftBehind),
    };
  }
}
