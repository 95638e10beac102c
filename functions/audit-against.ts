import type { ForeignIndex } from "../lib/adapters/elasticsearch/topic-snapshot/foreign-index.ts";
import { isJudged, type ContentView } from "../lib/rules/audit/against/content.ts";
import type { Spans, ReadSpans } from "../lib/rules/offsets/span-tracks.ts";
import {
  countPlaced,
  findPositionForm,
  formText,
  type ForeignDocument,
  type FoundForm,
  type PositionForm,
} from "../lib/rules/audit/against/position.ts";
import type { Findings } from "../lib/rules/audit/against/tally.ts";
import { usage } from "../lib/rules/base/errors.ts";
import { counted, countText } from "../lib/rules/base/units.ts";
import type { FailureStores } from "../lib/rules/dead-letters/failure-stores.ts";
import { compareByContent, type ContentFindings, type MinuteFindings } from "./audit-against/by-content.ts";
import { compareByPosition } from "./audit-against/by-position.ts";
import { refusedDocuments } from "./audit-against/refused.ts";
import { positionQueries } from "./audit-against/queries.ts";

export interface AuditAgainstInput {
  readonly topic: string;
  /** As given: a name or pattern of indices, aliases or data streams. */
  readonly index: string;
  /** The offsets in Kafka, [start, end), by partition, from before the index was opened. */
  readonly log: Spans;
  /** The next offset that the other tool's group reads, by partition; null if unknown. Nothing beyond is missing yet. */
  readonly committed: ReadonlyMap<number, number | null> | null;
  /** Where documents tell their position; `find`: look for it in a sample; null: nowhere. */
  readonly position: PositionForm | "find" | null;
}

export type ForeignDocuments = Omit<ForeignIndex, "close">;

export interface AuditAgainstDeps {
  /** The opener must close it. */
  readonly index: ForeignDocuments;
  readonly failureStores: Pick<FailureStores, "survey" | "contents">;
  readonly signal: AbortSignal;
  readonly readSpans: ReadSpans;
  /** @param total null if unknown */
  onProgress(done: number, total: number): void;
}

export interface AuditAgainst extends Omit<Findings, "isCut"> {
  readonly topic: string;
  readonly index: string;
  readonly mode: "position" | "content";
  /** How records and documents were matched, and how sure that is; a phrase. */
  readonly by: string;
  readonly partitions: number;
  readonly documents: number;
  /** Ids of some of the unknown documents. */
  readonly unknownIds: readonly string[];
  /** Only if contents were compared. */
  readonly minutes: readonly MinuteFindings[];
  /** What could not be told or checked; one sentence each. */
  readonly notes: readonly string[];
  /** Nothing missing, doubled or changed. */
  readonly clean: boolean;
}

const SAMPLE = 200;
const EVERYTHING = { match_all: {} };
const ANY_FORM: PositionForm = { kind: "id", pattern: "{topic}+{partition}+{offset}" };

/**
 * Compares a topic with an index that another tool filled: by the position that the tool leaves in documents or ids,
 * otherwise by content. Changes nothing.
 * @throws PenstockError `usage` if the documents show neither positions nor contents of the topic's records, or no position
 *   where the input says; what a server fails with
 */
export async function auditAgainst(input: AuditAgainstInput, deps: AuditAgainstDeps): Promise<AuditAgainst> {
  const { topic, index: name, log } = input;
  const { index } = deps;
  const spans: Spans = new Map(
    [...log].map(([partition, { start, end }]) => {
      const committed = input.committed === null ? end : (input.committed.get(partition) ?? start);
      return [partition, { start, end: Math.max(start, Math.min(end, committed)) }];
    }),
  );
  const records = [...spans.values()].reduce((sum, { start, end }) => sum + end - start, 0);
  const notes = notesBefore(input, index);
  const sample = await sampleOf(topic, index);
  const found = formIn(input, sample);
  const queries = found === null ? null : await positionQueries(found.form, topic, sample, index);
  if (found !== null && queries === null && sample.length > 0) {
    notes.push(
      `positions were found ${formText(found.form)}, but the mapping does not let them be searched: contents were compared instead`,
    );
  }
  const refused = async ({ missing }: Findings): Promise<readonly string[]> =>
    missing.count === 0 ? [] : refusedDocuments(name.split(","), topic, deps.failureStores, deps.signal);
  const common = { topic, index: name, partitions: log.size };

  if (found !== null && queries !== null) {
    const onProgress = (done: number): void => deps.onProgress(done, records);
    const { findings, view, ...rest } = await compareByPosition(
      { topic, spans, form: found.form, queries },
      { index, readSpans: deps.readSpans, onProgress },
    );
    notes.push(...notesOnPositions(view, rest.unchecked, findings), ...(await refused(findings)));
    return {
      ...common,
      ...withoutCut(findings, notes),
      mode: "position",
      by:
        sample.length === 0
          ? "the index is empty"
          : `${formText(found.form)}, which ${countText(found.placed)} of ${countText(found.sample - found.elsewhere)} sampled documents have`,
      documents: rest.documents,
      unknownIds: rest.strays,
      minutes: [],
      notes,
    };
  }

  const total = records + (await index.count(EVERYTHING));
  const { findings, view, ...rest } = await compareByContent(
    { topic, indexName: name, spans, advice: adviceOn(sample, queries === null ? found : null) },
    { index, readSpans: deps.readSpans, onProgress: (done) => deps.onProgress(done, total) },
  );
  notes.push(...notesOnContents(view, findings, rest, log), ...(await refused(findings)));
  return {
    ...common,
    ...withoutCut(findings, notes),
    mode: "content",
    by: `by content, ${view.mainly === "text" ? `the text in "${view.textFields[0]}"` : "the JSON members"}, because ${
      input.position === null ? "that was asked for" : "the documents have no position"
    }; ${countText(view.pairs)} of ${counted(rest.sampled, "sampled record")} were found`,
    documents: rest.documents,
    unknownIds: rest.strays,
    minutes: rest.minutes,
    notes,
  };
}

/** @param unsearchable where the documents tell positions that cannot be searched */
function adviceOn(sample: readonly ForeignDocument[], unsearchable: FoundForm | null): string {
  if (unsearchable !== null)
    return `they tell positions ${formText(unsearchable.form)}, but the mapping lets neither these nor the contents be searched: compare a copy that maps them (_reindex)`;
  if (sample.length > 0 && sample.every(({ leaves }) => leaves.size === 0))
    return "they have no _source, and their ids tell no position: only an index with _source can be compared";
  return "is it the right index? If their positions are in fields of other names, name them with --position";
}

/** Documents that name the topic, as most tools let them, otherwise any. */
async function sampleOf(topic: string, index: ForeignDocuments): Promise<readonly ForeignDocument[]> {
  const fields = ["kafka.topic", "topic", "kafka_topic"].flatMap((field) => [field, `${field}.keyword`]);
  const should = fields.map((field) => ({ term: { [field]: topic } }));
  const named = await index.sample({ bool: { should, minimum_should_match: 1 } }, SAMPLE);
  return named.length > 0 ? named : index.sample(EVERYTHING, SAMPLE);
}

/** @returns null if contents are to be compared */
function formIn(
  { topic, position, log }: AuditAgainstInput,
  sample: readonly ForeignDocument[],
): FoundForm | null {
  const ends = new Map([...log].map(([partition, { end }]) => [partition, end]));
  if (position === null) return null;
  if (position === "find" && sample.length > 0) return findPositionForm(topic, ends, sample);
  // An empty index lacks every record in any form.
  const form = position === "find" ? ANY_FORM : position;
  const counts = countPlaced(form, topic, ends, sample);
  if (sample.length > 0 && counts.placed + counts.elsewhere === 0) {
    throw usage(
      `--position: none of ${counted(sample.length, "sampled document")} tells a position ${formText(form)} that topic "${topic}" has`,
    );
  }
  return { form, ...counts, sample: sample.length };
}

function withoutCut(
  { isCut, ...findings }: Findings,
  notes: string[],
): Omit<Findings, "isCut"> & { clean: boolean } {
  if (isCut) notes.push("only the first 1,000 ranges of each kind and partition are listed");
  const { missing, doubled, changed } = findings;
  return { ...findings, clean: missing.count + doubled.count + changed.count === 0 };
}

function notesBefore({ committed, log }: AuditAgainstInput, { closed }: ForeignDocuments): string[] {
  const notes: string[] = [];
  if (closed.length > 0) {
    const names = closed.slice(0, 3).join(", ");
    notes.push(
      `${counted(closed.length, "index", "indices")} (${names}${closed.length > 3 ? ", …" : ""}) ${closed.length === 1 ? "is" : "are"} closed: records may be there that count as missing`,
    );
  }
  const behind = [...log].reduce(
    (sum, [partition, { start, end }]) =>
      sum + (committed === null ? 0 : Math.max(0, end - (committed.get(partition) ?? start))),
    0,
  );
  if (behind > 0)
    notes.push(`${counted(behind, "offset")} beyond what the group has committed: not compared`);
  return notes;
}

function notesOnPositions(
  view: ContentView,
  { below, beyond }: { readonly below: number; readonly beyond: number },
  { unknown, compared, records, nulls, missing }: Findings,
): string[] {
  const notes: string[] = [];
  if (below > 0)
    notes.push(`${counted(below, "document")} of records that Kafka has deleted since: cannot be checked`);
  if (beyond > 0)
    notes.push(`${counted(beyond, "document")} of records beyond the compared offsets: not checked`);
  const placed = unknown.at.reduce((sum, { from, to }) => sum + to - from + 1, 0);
  if (placed > 0) {
    notes.push(
      `unknown at these offsets: Kafka returns no record there (of an aborted transaction, or compacted since), or none that can be read`,
    );
  }
  if (nulls > 0)
    notes.push(`${counted(nulls, "record")} without a value: tools treat them differently, not judged`);
  const indexed = records - nulls - missing.count;
  if (indexed > 0 && !isJudged(view)) {
    notes.push(
      `contents were not compared: only ${view.equal} of ${view.pairs} sampled documents hold their record's text or JSON members, so the tool makes something else of them, or the positions are those of another topic (recreated, or mirrored)`,
    );
  } else {
    notes.push(...rewrittenNote(view));
    if (compared < indexed)
      notes.push(`${counted(indexed - compared, "document")} without a _source: contents not compared`);
  }
  return notes;
}

function notesOnContents(
  view: ContentView,
  { missing, unknown, nulls }: Findings,
  { ambiguous, isKeyed }: Pick<ContentFindings, "ambiguous" | "isKeyed">,
  log: Spans,
): string[] {
  const notes: string[] = [];
  if (missing.count > 0 && unknown.count > 0) {
    notes.push(
      `without positions a changed record cannot be told from a lost one: up to ${countText(Math.min(missing.count, unknown.count))} of the missing ones may be among the unknown documents, changed`,
    );
  }
  if (isKeyed && missing.count > 0) {
    notes.push(
      "the ids are the records' keys: where a key came again, the later record overwrote the earlier one, which counts as missing",
    );
  }
  if (ambiguous > 0) {
    notes.push(
      `${counted(ambiguous, "record")} found missing or doubled ${ambiguous === 1 ? "has" : "have"} the same content as others: which of them is named is chance`,
    );
  }
  const deleted = [...log.values()].reduce((sum, { start }) => sum + start, 0);
  if (deleted > 0 && unknown.count > 0) {
    notes.push(`Kafka has deleted ${counted(deleted, "offset")}: documents of these count as unknown`);
  }
  if (nulls > 0) notes.push(`${counted(nulls, "record")} without a value: not judged`);
  return [...notes, ...rewrittenNote(view)];
}

function rewrittenNote({ rewritten, mainly, headWords }: ContentView): string[] {
  if (mainly === "text" && headWords > 0)
    return [
      `not compared, because most documents lack it: the first ${headWords === 1 ? "word" : `${headWords} words`} of each record`,
    ];
  if (mainly === "text" || rewritten.size === 0) return [];
  const names = [...rewritten].slice(0, 5).join(", ");
  return [
    `not compared, because most documents have another value there: ${names}${rewritten.size > 5 ? `, and ${rewritten.size - 5} more` : ""}`,
  ];
}
