import type { BulkLimits } from "../lib/rules/bulk/requests.ts";
import { DigestCounter, type DeadLetterDigest } from "../lib/rules/dead-letters/dead-letter-digest.ts";
import type { ReadDeadLetter } from "../lib/rules/dead-letters/dead-letter-reader.ts";
import type { Specification } from "../lib/rules/model/declaration.ts";
import {
  templateKeyOf,
  type TemplateTarget,
  templateTargetOf,
} from "../lib/rules/template/template-target.ts";
import { bareSpecification, withIndex } from "../lib/rules/model/specification.ts";
import { documentId } from "../lib/rules/documents/document-id.ts";
import { PenstockError } from "../lib/rules/base/errors.ts";
import { throwRefused, type TemplateRefusals } from "../lib/rules/template/index-template.ts";
import { indexPatternOf, resolvedIndexFault, leadsTo, resolveIndex } from "../lib/rules/model/names.ts";
import { recordsIn } from "../lib/rules/model/record.ts";
import { withStandIns } from "../lib/rules/time/time-stand-in.ts";
import type { ReplayRequest } from "../lib/rules/dead-letters/replay-request.ts";
import { readOmittedValues } from "./replay-dead-letters/read-omitted-values.ts";
import {
  readDeadLetters,
  type ForeignRecord,
  type LetterCounts,
  type ReadDeadLettersDeps,
  type ReadProgress,
} from "./replay-dead-letters/read-dead-letters.ts";
import {
  clearFailureStores,
  type ClearedStores,
  type ClearFailureStoresDeps,
  type RecordPlace,
} from "./replay-dead-letters/clear-failure-stores.ts";
import { replayInParts } from "./replay-dead-letters/in-parts.ts";
import { reingest, type ReingestDeps } from "./replay-dead-letters/reingest.ts";

export interface ReplayInput extends ReplayRequest {
  readonly deadLetterTopic: string;
  readonly limits: BulkLimits;
}

export interface ReplayDeps
  extends
    Pick<ReadDeadLettersDeps, "reader" | "signal">,
    Omit<ReingestDeps, "signal" | "onSettled">,
    Omit<ClearFailureStoresDeps, "signal"> {
  /** Called for every batch. */
  onProgress(progress: ReplayProgress): void;
  /** Current settings of a topic; null if it is no longer declared. */
  specificationOf(topic: string): Specification | null;
  /**
   * Which of these ids exist in an index, or in the indices of a pattern. None if there is no such index.
   * @param sinceMs since when they may have been written, in milliseconds since the epoch: fails if one of the indices that
   *   were written to since then is closed
   */
  existingIds(
    index: string,
    ids: readonly string[],
    signal: AbortSignal,
    sinceMs?: number,
  ): Promise<ReadonlySet<string>>;
  /** Called after the ids were written: leaves one document of each, in case that somebody else wrote them too. */
  removeExtraCopies(index: string, ids: readonly string[], signal: AbortSignal): Promise<void>;
  /** Makes the index template cover the patterns. */
  ensureTemplate(targets: readonly TemplateTarget[], signal: AbortSignal): Promise<TemplateRefusals>;
}

export type { RecordPlace };

/** How far a replay is, and the outcomes so far. */
export interface ReplayProgress extends ReadProgress {
  readonly outcomes: ReplayOutcomes;
}

/** Numbers of letters by outcome. */
export interface ReplayOutcomes {
  /** Their ids are in the index. */
  readonly alreadyThere: number;
  readonly indexed: number;
  /** Rejected again. Their letters stay, and no second ones are written. */
  readonly stillRejected: number;
  /** Dropped by an ingest pipeline, or without a value. */
  readonly skipped: number;
  /** The letter has no value because the record was too large, and retention deleted the record from its topic. */
  readonly unrecoverable: number;
  /**
   * The letter names an index other than its topic's, and the request gave none: write access to the dead-letter topic
   * must not grant access to every index.
   */
  readonly elsewhere: number;
  /** What a dry run would have tried. */
  readonly wouldReplay: number;
}

/**
 * The result of a replay. Each letter that passes the filter counts in exactly one outcome; a letter for a record batch
 * counts once for each of the batch's records.
 */
export interface ReplayResult extends Readonly<LetterCounts>, ReplayOutcomes {
  readonly dryRun: boolean;
  /** The letters that are still rejected, by their current error; for a dry run, those that would be tried. */
  readonly byError: DeadLetterDigest;
  /** The first hundred unrecoverable ones. */
  readonly unrecoverablePlaces: readonly RecordPlace[];
  /** Letters by the index that they name or go to; at most a hundred. */
  readonly byIndex: readonly IndexCount[];
  /** Topics that are no longer declared, whose letters were treated as text; at most a hundred. */
  readonly undeclared: readonly string[];
  readonly firstForeign: ForeignRecord | null;
  /** The failure stores of the topics' data streams. */
  readonly failureStores: ClearedStores;
}

export interface IndexCount {
  readonly index: string;
  readonly letters: number;
  /** Whether the letters are left alone; see {@link ReplayOutcomes.elsewhere}. */
  readonly elsewhere: boolean;
}

export const NO_OUTCOMES: ReplayOutcomes = {
  alreadyThere: 0,
  indexed: 0,
  stillRejected: 0,
  skipped: 0,
  unrecoverable: 0,
  elsewhere: 0,
  wouldReplay: 0,
};

const MAX_LISTED = 100;

/**
 * Replays dead letters: ingests their records like all others, under the same ids and with the topic's current
 * settings. They go to the given index, or else to the one in the letter if that is still an index of its topic.
 *
 * Keeps no state and removes nothing from the dead-letter topic. Ids show what is already in the index, so a second run
 * changes nothing, and two at once write each record once. Letters are processed as they are read, batch by batch. What
 * failure stores keep of records that are in the index is deleted.
 *
 * @throws PenstockError if Kafka or Elasticsearch does not answer for several attempts, for all indices or, in the end, for
 *   some; nothing is lost then
 */
export async function replayDeadLetters(input: ReplayInput, deps: ReplayDeps): Promise<ReplayResult> {
  const { dryRun, limits, deadLetterTopic } = input;
  const { signal } = deps;
  const tally: Record<keyof ReplayOutcomes, number> = { ...NO_OUTCOMES };
  const digest = new DigestCounter();
  const unrecoverablePlaces: RecordPlace[] = [];
  const undeclared = new Set<string>();
  const indices = new Map<string, IndexCount>();
  const covered = new Set<string>();
  const parts = replayInParts(signal);
  const clearing = await clearFailureStores(input, deps);

  const { counts, firstForeign } = await readDeadLetters(
    { topic: deadLetterTopic, filter: input.filter, newest: null },
    {
      reader: deps.reader,
      signal,
      deadline: null,
      onLetter: ({ topic, record }) => clearing.hasLetter(documentId(topic, record)),
      onProgress: (progress) => deps.onProgress({ ...progress, outcomes: { ...tally } }),
    },
    async (letters) => {
      for (const group of groupBySpecification(letters))
        await parts.attempt(group.spec.index, () => replayGroup(group));
    },
  );
  const failureStores = await clearing.end();
  parts.end();
  return {
    dryRun,
    ...counts,
    ...tally,
    byError: digest.digest(),
    unrecoverablePlaces,
    byIndex: [...indices.values()],
    undeclared: [...undeclared],
    firstForeign,
    failureStores,
  };

  /** Groups the letters by topic and index. */
  function groupBySpecification(letters: readonly ReadDeadLetter[]): LetterGroup[] {
    const groups = new Map<string, LetterGroup>();
    for (const letter of letters) {
      const index = input.index === null ? letter.index : resolveIndex(input.index, letter.topic);
      const elsewhere = input.index === null && !isDeclaredFor(letter.topic, index);
      countIndex(index, elsewhere);
      if (elsewhere) {
        tally.elsewhere += 1;
        continue;
      }
      const name = `${letter.topic} ${index}`;
      const group = groups.get(name) ?? { spec: specify(letter.topic, index), letters: [] };
      group.letters.push(letter);
      groups.set(name, group);
    }
    return [...groups.values()];
  }

  function isDeclaredFor(topic: string, index: string): boolean {
    const declared = deps.specificationOf(topic);
    return declared !== null && leadsTo(declared.index, index);
  }

  function countIndex(index: string, elsewhere: boolean): void {
    const name = `${index} ${elsewhere}`;
    const { letters } = indices.get(name) ?? { letters: 0 };
    if (letters > 0 || indices.size < MAX_LISTED)
      indices.set(name, { index, letters: letters + 1, elsewhere });
  }

  function specify(topic: string, index: string): Specification {
    const rule = resolvedIndexFault(index);
    if (rule !== null) throw new PenstockError("usage", `topic "${topic}": its index "${index}" ${rule}`);
    const spec = deps.specificationOf(topic);
    if (spec === null && undeclared.size < MAX_LISTED) undeclared.add(topic);
    return withIndex(spec ?? bareSpecification(topic), index);
  }

  async function replayGroup({ spec, letters }: LetterGroup): Promise<void> {
    // The ids of a batch's records are known only once they are read.
    const batches = letters.filter(({ batch }) => batch !== undefined);
    const missing = await withoutExisting(
      spec,
      letters.filter(({ batch }) => batch === undefined),
    );
    if (dryRun) {
      tally.wouldReplay += missing.length;
      for (const { batch } of batches) tally.wouldReplay += batch?.records ?? 0;
      for (const letter of [...missing, ...batches]) digest.add(letter);
      return;
    }
    if (missing.length + batches.length === 0) return;
    await coverByTemplate(spec);
    await bringIn(
      spec,
      missing.filter(({ valueOmitted }) => !valueOmitted),
    );
    const omitted = [...missing.filter(({ valueOmitted }) => valueOmitted), ...batches];
    const lost = await readOmittedValues(spec.topic, omitted, deps.reader, signal, async (found) =>
      bringIn(spec, await withoutExisting(spec, found)),
    );
    for (const { batch } of lost) tally.unrecoverable += batch?.records ?? 1;
    for (const { topic, record } of lost.slice(0, MAX_LISTED - unrecoverablePlaces.length)) {
      unrecoverablePlaces.push({ topic, partition: record.partition, offset: record.offset });
    }
  }

  async function withoutExisting(
    { index }: Specification,
    letters: readonly ReadDeadLetter[],
  ): Promise<ReadDeadLetter[]> {
    const ids = letters.map(({ topic, record }) => documentId(topic, record));
    // Each was refused when its letter was written.
    const sinceMs = letters.reduce((earliest, { failedAt }) => Math.min(earliest, failedAt), Infinity);
    const existing = await deps.existingIds(indexPatternOf(index), ids, signal, sinceMs);
    const missing = letters.filter((_, at) => !existing.has(ids[at] ?? ""));
    tally.alreadyThere += letters.length - missing.length;
    return missing;
  }

  /** An index from a letter was covered when the letter was written, and patterns are never removed. */
  async function coverByTemplate(spec: Specification): Promise<void> {
    const key = templateKeyOf(spec);
    if (input.index === null || covered.has(key)) return;
    throwRefused(await deps.ensureTemplate([templateTargetOf(spec)], signal), key);
    covered.add(key);
  }

  async function bringIn(spec: Specification, letters: readonly ReadDeadLetter[]): Promise<void> {
    // A record without a timestamp failed about when it was first read.
    const records = letters.flatMap(({ record, failedAt }) => withStandIns([record], null, failedAt).records);
    const there: string[] = [];
    const onSettled: ReingestDeps["onSettled"] = (record, outcome) => {
      if (outcome === "indexed" || outcome === "duplicate") there.push(documentId(spec.topic, record));
      if (outcome === "dead-lettered") tally.stillRejected += recordsIn(record);
      // A duplicate was written after the check above, or is not searchable yet.
      else tally[outcome === "duplicate" ? "alreadyThere" : outcome] += 1;
    };
    for (const letter of await reingest({ spec, records, limits }, { ...deps, onSettled }))
      digest.add(letter);
    const ids = records.map((record) => documentId(spec.topic, record));
    if (ids.length > 0) await deps.removeExtraCopies(indexPatternOf(spec.index), ids, signal);
    await clearing.broughtIn(spec.topic, there);
  }
}

interface LetterGroup {
  readonly spec: Specification;
  readonly letters: ReadDeadLetter[];
}
