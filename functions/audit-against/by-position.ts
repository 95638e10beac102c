import type { ForeignIndex } from "../../lib/adapters/elasticsearch/topic-snapshot/foreign-index.ts";
import { causeOf } from "../../lib/rules/audit/against/cause.ts";
import type { Spans, ReadBatch, ReadSpans } from "../../lib/rules/offsets/span-tracks.ts";
import {
  isJudged,
  learnContent,
  readContent,
  type ContentPair,
  type ContentView,
} from "../../lib/rules/audit/against/content.ts";
import {
  placeReader,
  type ForeignDocument,
  type PositionForm,
} from "../../lib/rules/audit/against/position.ts";
import { createTally, type Findings } from "../../lib/rules/audit/against/tally.ts";
import type { SourceRecord } from "../../lib/rules/model/record.ts";
import type { PositionQueries } from "./queries.ts";
import { readSample } from "./sample.ts";

export interface ByPositionInput {
  readonly topic: string;
  /** The offsets to compare. */
  readonly spans: Spans;
  readonly form: PositionForm;
  readonly queries: PositionQueries;
}

export interface ByPositionDeps {
  readonly index: Pick<ForeignIndex, "shape" | "count" | "find">;
  readonly readSpans: ReadSpans;
  /** Offsets that were compared. */
  onProgress(done: number): void;
}

export interface PositionFindings {
  readonly findings: Findings;
  readonly view: ContentView;
  /** Documents of records that Kafka has deleted, and of records written since the audit began. */
  readonly unchecked: { readonly below: number; readonly beyond: number };
  readonly documents: number;
  /** Ids of documents without a record. */
  readonly strays: readonly string[];
}

/** One query asks for so many offsets; one of a range also covers those at which Kafka has no record. */
const OFFSETS_AT_ONCE = 2_000;
/** How many records of each place of a partition to learn from. */
const LEARN_RECORDS = 100;
const SHOWN_STRAYS = 10;

/** Reads Kafka in order of offsets, and looks up the documents of each stretch. Memory does not depend on the topic's size. */
export async function compareByPosition(
  { topic, spans, form, queries }: ByPositionInput,
  deps: ByPositionDeps,
): Promise<PositionFindings> {
  const { index } = deps;
  const placeOf = placeReader(form);
  const strays: string[] = [];
  let documents = 0;

  /** The documents by offset. */
  const documentsOf = async (
    partition: number,
    query: object,
    fields: readonly string[] | null,
  ): Promise<Map<number, ForeignDocument[]>> => {
    const found = new Map<number, ForeignDocument[]>();
    await index.find(query, fields, (page) => {
      for (const document of page) {
        const place = placeOf(document);
        // A text field finds also what only looks like the topic.
        if (place === null || place.partition !== partition) continue;
        if (place.topic !== null && place.topic !== topic) continue;
        found.getOrInsertComputed(place.offset, () => []).push(document);
      }
    });
    return found;
  };

  const view = await learnView(spans, deps.readSpans, async ({ partition, records }) =>
    documentsOf(
      partition,
      queries.stretch(
        partition,
        records.map(({ offset }) => offset),
      ),
      null,
    ),
  );
  const judged = isJudged(view) ? view : null;
  const place = { ...view, textField: view.textFields[0] ?? "message" };
  const tally = createTally({
    view: judged,
    whyMissing: (value) => (judged === null ? null : causeOf(value, place, index.shape)),
  });
  const fields = judged === null && form.kind === "fields" ? queries.fields : null;
  const positions = new Map([...spans].map(([partition, { start }]) => [partition, start]));
  let done = 0;

  const compare = async (partition: number, from: number, to: number, records: readonly SourceRecord[]) => {
    const offsets = records.map(({ offset }) => offset);
    const known = new Set(offsets);
    const query =
      queries.range(partition, from, to) ?? (offsets.length > 0 && queries.stretch(partition, offsets));
    const found =
      query === false ? new Map<number, ForeignDocument[]>() : await documentsOf(partition, query, fields);
    for (const [offset, some] of found) {
      documents += some.length;
      if (!known.has(offset)) strays.push(...some.slice(0, SHOWN_STRAYS - strays.length).map(({ id }) => id));
    }
    tally.take({ partition, end: to, records, documents: found });
    done += to - from;
    deps.onProgress(done);
  };
  const walk = async ({ partition, records, end }: ReadBatch): Promise<void> => {
    let from = positions.get(partition) ?? end;
    for (let at = 0; at < records.length; at += OFFSETS_AT_ONCE) {
      const some = records.slice(at, at + OFFSETS_AT_ONCE);
      const to = records[at + OFFSETS_AT_ONCE]?.offset ?? end;
      await compare(partition, from, to, some);
      from = to;
    }
    if (from < end) await compare(partition, from, end, []);
    positions.set(partition, end);
  };

  await deps.readSpans(spans, walk);
  // What Kafka has deleted meanwhile counts as below the log.
  const log = new Map(
    [...spans].map(([partition, span]) => [
      partition,
      { ...span, end: positions.get(partition) ?? span.end },
    ]),
  );
  const rest = await judgeRest(topic, log, queries, placeOf, index, documents);
  tally.addUnplaced(rest.unplaced);
  return {
    findings: tally.result(),
    view,
    unchecked: { below: rest.below, beyond: rest.beyond },
    documents,
    strays: [...strays, ...rest.strays].slice(0, SHOWN_STRAYS),
  };
}

/** Pairs some records with their documents, and learns from them. */
async function learnView(
  spans: Spans,
  readSpans: ReadSpans,
  documentsOf: (batch: ReadBatch) => Promise<ReadonlyMap<number, readonly ForeignDocument[]>>,
): Promise<ContentView> {
  const pairs: ContentPair[] = [];
  await readSample(spans, LEARN_RECORDS, readSpans, async (batch) => {
    const found = await documentsOf(batch);
    for (const { offset, value } of batch.records) {
      const [document] = found.get(offset) ?? [];
      if (value !== null && document !== undefined && document.leaves.size > 0)
        pairs.push({ record: readContent(value), document: document.leaves });
    }
  });
  return learnContent(pairs);
}

/** Accounts for the documents that no stretch found. */
async function judgeRest(
  topic: string,
  spans: Spans,
  queries: PositionQueries,
  placeOf: ReturnType<typeof placeReader>,
  index: Pick<ForeignIndex, "count" | "find">,
  seen: number,
): Promise<{ unplaced: number; below: number; beyond: number; strays: readonly string[] }> {
  const homeless = queries.homeless === null ? 0 : await index.count(queries.homeless);
  const total = await index.count(queries.own);
  let [below, beyond] = [0, 0];
  const strays: string[] = [];
  if (total === seen) return { unplaced: homeless, below, beyond, strays };
  if (queries.range(0, 0, 1) !== null) {
    for (const [partition, { start, end }] of spans) {
      below += await index.count(queries.range(partition, null, start) ?? {});
      beyond += await index.count(queries.range(partition, end, null) ?? {});
    }
    return { unplaced: Math.max(0, total - seen - below - beyond) + homeless, below, beyond, strays };
  }
  // Positions in ids or as text cannot be counted by range: each document is asked.
  let unplaced = 0;
  let within = 0;
  await index.find(queries.own, queries.fields.length > 0 ? queries.fields : [NO_FIELD], (page) => {
    for (const document of page) {
      const place = placeOf(document);
      if (place !== null && place.topic !== null && place.topic !== topic) continue;
      const span = place === null ? undefined : spans.get(place.partition);
      if (place !== null && span !== undefined && place.offset < span.start) below += 1;
      else if (place !== null && span !== undefined && place.offset >= span.end) beyond += 1;
      else if (place !== null && span !== undefined) within += 1;
      else {
        unplaced += 1;
        if (strays.length < SHOWN_STRAYS) strays.push(document.id);
      }
    }
  });
  return { unplaced: unplaced + Math.max(0, within - seen) + homeless, below, beyond, strays };
}

/** An empty list of fields would mean all. */
const NO_FIELD = "-";
