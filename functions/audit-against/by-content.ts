import type { ForeignIndex } from "../../lib/adapters/elasticsearch/topic-snapshot/foreign-index.ts";
import { causeOf } from "../../lib/rules/audit/against/cause.ts";
import type { Spans, ReadSpans } from "../../lib/rules/offsets/span-tracks.ts";
import {
  documentKey,
  isJudged,
  isLikelyPair,
  learnContent,
  readContent,
  recordKey,
  type ContentPair,
  type RecordContent,
  USUAL_TEXT_FIELDS,
  type ContentView,
} from "../../lib/rules/audit/against/content.ts";
import { createFinding } from "../../lib/rules/audit/against/finding.ts";
import type { ForeignDocument } from "../../lib/rules/audit/against/position.ts";
import {
  createDifferenceSketch,
  hashOf,
  numberOf,
  SKETCH_ROOM,
  type ContentHash,
  type Surplus,
} from "../../lib/rules/audit/against/sketch.ts";
import { createCauses, UNEXPLAINED, type Findings } from "../../lib/rules/audit/against/tally.ts";
import { PenstockError, usage } from "../../lib/rules/base/errors.ts";
import type { SourceRecord } from "../../lib/rules/model/record.ts";
import { readSample } from "./sample.ts";

export interface ByContentInput {
  readonly topic: string;
  readonly indexName: string;
  readonly spans: Spans;
  /** What may help if the contents are not found either: a sentence without its period. */
  readonly advice: string;
}

export interface ByContentDeps {
  readonly index: Pick<ForeignIndex, "shape" | "count" | "find" | "best">;
  readonly readSpans: ReadSpans;
  /** @param done records and documents that were read */
  onProgress(done: number): void;
}

/** What is wrong with the records of one minute. */
export interface MinuteFindings {
  /** ISO 8601. */
  readonly minute: string;
  readonly missing: number;
  readonly doubled: number;
}

export interface ContentFindings {
  readonly findings: Findings;
  readonly view: ContentView;
  readonly documents: number;
  /** How many records were looked for, to learn the view; it tells how many were found. */
  readonly sampled: number;
  /** Whether the found documents have their records' keys as ids. */
  readonly isKeyed: boolean;
  /** By the records' timestamps; the first ones that have any. */
  readonly minutes: readonly MinuteFindings[];
  /** Whether records share their content with others, so that which of them is named is chance. */
  readonly ambiguous: number;
  /** Ids of documents with a content that no record has. */
  readonly strays: readonly string[];
}

/** At each place of a partition; one search each. */
const LEARN_RECORDS = 10;
/** A query is limited in terms, which each word in each field uses up. */
const LEARN_WORDS = 12;
const LEARN_FIELDS = 20;
const MAX_PASSES = 64;
const SHOWN_MINUTES = 1_000;
const SHOWN_STRAYS = 10;
const EVERYTHING = { match_all: {} };
const MINUTE_MS = 60_000;

/**
 * Compares a topic and an index as two multisets of contents, in constant memory: reads both once, in any order, into a
 * sketch of their difference, and then Kafka once more, to name the records that differ. Where they differ in more contents
 * than the sketch has room for, it reads them in several passes, each for a part of the contents.
 *
 * Documents without positions do not tell a changed record from a lost one: its content is missing, and an unknown one is
 * there instead.
 * @throws PenstockError `usage` if the documents do not hold the records' content either
 */
export async function compareByContent(
  { topic, indexName, spans, advice }: ByContentInput,
  deps: ByContentDeps,
): Promise<ContentFindings> {
  const pairs = await pairsOf(spans, deps);
  const likely = pairs.filter(isLikelyPair);
  const view = learnContent(likely);
  const isKeyed = likely.length > 0 && likely.every(({ key, id }) => key !== null && key === id);
  if (pairs.length > 0 && !isJudged(view)) {
    throw usage(
      `the documents of "${indexName}" tell neither the positions nor the contents of topic "${topic}"'s records (${likely.length} of ${pairs.length} sampled records were found): ${advice}`,
    );
  }
  for (let passes = 1; passes <= MAX_PASSES; passes *= 4) {
    const found = await compareInPasses(passes, view, spans, deps);
    if (found !== null) return { ...found, sampled: pairs.length, isKeyed };
  }
  throw tooDifferent(indexName, topic);
}

/** @returns null if some part differs in more contents than a sketch has room for */
async function compareInPasses(
  passes: number,
  view: ContentView,
  spans: Spans,
  deps: ByContentDeps,
): Promise<Omit<ContentFindings, "sampled" | "isKeyed"> | null> {
  const { index, readSpans } = deps;
  const place = { ...view, textField: view.textFields[0] ?? "message" };
  const [missing, doubled, unknown] = [createFinding(), createFinding(), createFinding()];
  const causes = createCauses();
  const minutes = new Map<number, { missing: number; doubled: number }>();
  let [records, nulls, documents, extraDocuments, ambiguous, done] = [0, 0, 0, 0, 0, 0];
  const strays: string[] = [];

  const eachRecord = (
    take: (record: SourceRecord, value: Buffer) => void,
    other?: (record: SourceRecord) => void,
  ) =>
    readSpans(spans, (batch) => {
      for (const record of batch.records) {
        if (record.value === null || record.setAside !== undefined) other?.(record);
        else take(record, record.value);
      }
      deps.onProgress((done += batch.records.length));
      return Promise.resolve();
    });
  const eachDocument = (take: (document: ForeignDocument) => void) =>
    index.find(EVERYTHING, null, (page) => {
      for (const document of page) take(document);
      deps.onProgress((done += page.length));
    });
  const hashOfRecord = (value: Buffer): ContentHash => hashOf(recordKey(readContent(value), view));

  /** Every content of this part that the topic and the index hold unequally often; null if there are too many. */
  const differences = async (pass: number): Promise<readonly Surplus[] | null> => {
    const sketch = createDifferenceSketch();
    const isHere = ({ high }: ContentHash): boolean => high % passes === pass;
    await eachRecord(
      (_, value) => {
        const hash = hashOfRecord(value);
        if (isHere(hash)) sketch.add(hash, 1);
        if (pass === 0) records += 1;
      },
      ({ value, setAside }) => {
        if (pass > 0) return;
        records += setAside?.records ?? 1;
        if (setAside !== undefined) unknown.addUnplaced(setAside.records);
        else if (value === null) nulls += 1;
      },
    );
    await eachDocument(({ leaves }) => {
      const key = documentKey(leaves, view);
      const hash = key === null ? null : hashOf(key);
      if (hash !== null && isHere(hash)) sketch.add(hash, -1);
      if (pass > 0) return;
      documents += 1;
      if (hash === null) unknown.addUnplaced(1);
    });
    return sketch.differences();
  };

  /** Names the records of these contents. */
  const name = async (surplus: readonly Surplus[]): Promise<void> => {
    const left = new Map(surplus.map((one) => [numberOf(one), one.count]));
    const inTopic = new Set<number>();
    const copies = new Map<number, number>();
    await eachRecord((record, value) => {
      const number = numberOf(hashOfRecord(value));
      const count = left.get(number);
      if (count === undefined) return;
      inTopic.add(number);
      copies.set(number, (copies.get(number) ?? 0) + 1);
      if (count === 0) return;
      left.set(number, count - Math.sign(count));
      const finding = count > 0 ? "missing" : "doubled";
      (count > 0 ? missing : doubled).add(record.partition, record.offset);
      causes.add(
        finding,
        count > 0
          ? (causeOf(value, place, index.shape) ?? UNEXPLAINED)
          : "the content is there more often than in the topic",
        record,
      );
      const minute = Math.floor(record.timestamp / MINUTE_MS);
      const known = minutes.get(minute) ?? { missing: 0, doubled: 0 };
      known[finding] += 1;
      if (minutes.size < SHOWN_MINUTES || minutes.has(minute)) minutes.set(minute, known);
    });
    const homeless = new Set<number>();
    for (const one of surplus) {
      const number = numberOf(one);
      if (one.count < 0 && inTopic.has(number)) extraDocuments -= one.count;
      if (one.count < 0 && !inTopic.has(number)) {
        unknown.addUnplaced(-one.count);
        homeless.add(number);
      }
      if ((copies.get(number) ?? 0) > Math.abs(one.count)) ambiguous += Math.abs(one.count);
    }
    if (homeless.size === 0 || strays.length >= SHOWN_STRAYS) return;
    await eachDocument(({ id, leaves }) => {
      const key = strays.length < SHOWN_STRAYS ? documentKey(leaves, view) : null;
      if (key !== null && homeless.has(numberOf(hashOf(key)))) strays.push(id);
    });
  };

  for (let pass = 0; pass < passes; pass += 1) {
    const found = await differences(pass);
    if (found === null) return null;
    if (found.length > 0) await name(found);
  }
  return {
    findings: {
      missing: missing.build(),
      doubled: doubled.build(),
      changed: createFinding().build(),
      unknown: unknown.build(),
      causes: causes.build(),
      changes: [],
      extraDocuments,
      records,
      nulls,
      compared: documents,
      isCut: missing.isCut || doubled.isCut,
    },
    view,
    documents,
    minutes: [...minutes]
      .sort(([a], [b]) => a - b)
      .map(([minute, found]) => Object.assign({ minute: new Date(minute * MINUTE_MS).toISOString() }, found)),
    ambiguous,
    strays,
  };
}

function tooDifferent(indexName: string, topic: string): PenstockError {
  return new PenstockError(
    "elasticsearch_refused",
    `"${indexName}" and topic "${topic}" differ in more than ${MAX_PASSES * SKETCH_ROOM} contents: is it the right index?`,
  );
}

interface SampledPair extends ContentPair {
  readonly key: string | null;
  readonly id: string | null;
}

/** Finds the documents of some records by searching for their words. */
async function pairsOf(spans: Spans, { index, readSpans }: ByContentDeps): Promise<SampledPair[]> {
  const records: SourceRecord[] = [];
  await readSample(spans, LEARN_RECORDS, readSpans, ({ records: read }) => {
    records.push(...read.filter(({ value }) => value !== null));
    return Promise.resolve();
  });
  const pairs: SampledPair[] = [];
  for (const { key, value } of records) {
    const record = readContent(value ?? Buffer.alloc(0));
    const document = await index.best(queryFor(record));
    const ids = { key: key?.toString("utf8") ?? null, id: document?.id ?? null };
    pairs.push({ record, document: document?.leaves ?? new Map(), ...ids });
  }
  return pairs;
}

/** Finds a document that shares many words or values with a record. */
function queryFor({ text, leaves }: RecordContent): object {
  const values = leaves === null ? [text] : [...leaves.values()];
  const words = values.join(" ").split(/\s+/).slice(0, LEARN_WORDS).join(" ").slice(0, 1_000);
  const fields =
    leaves === null ? USUAL_TEXT_FIELDS.map((field): [string, string] => [field, text]) : [...leaves];
  const matches = fields.slice(0, LEARN_FIELDS).map(([field, value]) => ({
    match: { [field]: { query: value.slice(0, 1_000), lenient: true } },
  }));
  const anywhere = { multi_match: { query: words, fields: ["*"], lenient: true } };
  return { bool: { should: [...matches, anywhere], minimum_should_match: 1 } };
}
