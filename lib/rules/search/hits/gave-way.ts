import { isObject } from "../../json/object.ts";
import { flattenedWords } from "../../template/template-body.ts";
import { errorsOf, parsed } from "./answer.ts";

/** A field that some of a topic's documents contain but cannot be found by. */
export interface FieldThatGaveWay {
  readonly topic: string;
  readonly field: string;
  /** The number of such documents. */
  readonly records: number;
  /**
   * - **unfit**: a value does not fit the field's type.
   * - **limit**: the index already has the maximum number of fields.
   * - **refused**: the index refused the whole record because of it, so the record was flattened (`kafka.refused`).
   */
  readonly why: "unfit" | "limit" | "refused";
  /** The field's mapped type; null if it is not mapped. */
  readonly type: string | null;
  /** One such document. */
  readonly sample: { readonly index: string; readonly id: string };
}

/** Returns the type an index maps a field to; null if it does not. */
export type TypeOf = (index: string, field: string) => string | null;

/** The questions that `readIgnoredFields` asks. All throw PenstockError. */
export interface IgnoredFieldsDeps {
  /** Searches once. @returns the answer's text; null if it is longer than `maxBytes` */
  readonly search: (indices: readonly string[], body: object, maxBytes: number) => Promise<string | null>;
  /** Reads the fields' types in each index. */
  readonly fieldTypes: (indices: readonly string[], fields: readonly string[]) => Promise<TypeOf>;
}

/** A field that some documents list as ignored, for whatever reason, or as refused. */
export interface IgnoredField extends Omit<FieldThatGaveWay, "why" | "type"> {
  readonly isRefused: boolean;
}

/** How far back documents are counted: a day for people, an hour for metrics. */
export const dayMs = 86_400_000;
export const hourMs = 3_600_000;

const timeoutSeconds = 5;
const ignoredBy = "_ignored";
const refusedBy = "kafka.refused";
const maxTopics = 100;
/** More than are reported, because fields ignored only for their length are filtered out later. */
const maxIgnored = 60;
const maxTold = 20;

/**
 * The body of a search that counts ignored and refused fields by topic. Elasticsearch keeps an index of such documents,
 * so others cost nothing.
 * @param topics null for all
 */
export function gaveWayBody(topics: readonly string[] | null, fromMs: number, toMs: number): object {
  const range = { "@timestamp": { gte: fromMs, lte: toMs, format: "epoch_millis" } };
  return {
    timeout: `${timeoutSeconds}s`,
    size: 0,
    track_total_hits: false,
    query: {
      bool: {
        filter: [
          { bool: { should: [ignoredBy, refusedBy].map((field) => ({ exists: { field } })) } },
          { range },
          ...(topics === null ? [] : [{ terms: { "kafka.topic": topics } }]),
        ],
      },
    },
    aggs: {
      topics: {
        terms: { field: "kafka.topic", size: maxTopics },
        aggs: { ignored: countedBy(ignoredBy), refused: countedBy(refusedBy) },
      },
    },
  };
}

function countedBy(field: string): object {
  return {
    terms: { field, size: maxIgnored },
    aggs: { sample: { top_hits: { size: 1, _source: false } } },
  };
}

export interface IgnoredAnswer {
  readonly fields: readonly IgnoredField[];
  /** Why the answer is incomplete, in sentences. */
  readonly problems: readonly string[];
}

/** @returns null if it is not an answer to such a search */
export function readIgnored(text: string): IgnoredAnswer | null {
  const answer = parsed(text);
  if (!isObject(answer) || !isObject(answer["_shards"])) return null;
  const fields = bucketsOf(answer["aggregations"], "topics").flatMap((topic) =>
    (["ignored", "refused"] as const).flatMap((name) =>
      bucketsOf(topic, name).flatMap((bucket) => ignoredField(topic["key"], bucket, name === "refused")),
    ),
  );
  return { fields, problems: problemsOf(answer, answer["_shards"]) };
}

type Bucket = Readonly<Record<string, unknown>>;

function bucketsOf(outer: unknown, name: string): readonly Bucket[] {
  const aggregation = isObject(outer) ? outer[name] : null;
  const buckets = isObject(aggregation) ? aggregation["buckets"] : null;
  return Array.isArray(buckets)
    ? buckets.filter((bucket: unknown): bucket is Bucket => isObject(bucket))
    : [];
}

function ignoredField(topic: unknown, bucket: Bucket, isRefused: boolean): IgnoredField[] {
  const { key: field, doc_count: records, sample } = bucket;
  const outer = isObject(sample) ? sample["hits"] : null;
  const hits: unknown = isObject(outer) ? outer["hits"] : null;
  const hit: unknown = Array.isArray(hits) ? hits[0] : null;
  const { _index: index, _id: id } = isObject(hit) ? hit : {};
  if (typeof topic !== "string" || typeof field !== "string" || typeof records !== "number") return [];
  if (typeof index !== "string" || typeof id !== "string") return [];
  return [{ topic, field, records, isRefused, sample: { index, id } }];
}

const tooOld = "only Elasticsearch 8.15 or later can count ignored fields, in indices that it created";

function problemsOf(answer: Bucket, shards: Bucket): string[] {
  const problems = answer["timed_out"] === true ? [`Elasticsearch took longer than ${timeoutSeconds} s`] : [];
  if (typeof shards["failed"] !== "number" || shards["failed"] === 0) return problems;
  const reasons = errorsOf(shards).map(({ reason }) => whyUncounted(reason));
  return [...problems, ...new Set(reasons)].slice(0, 3);
}

/** Explains why Elasticsearch, or an index, does not count ignored fields. */
export function whyUncounted(reason: string): string {
  return /fielddata/i.test(reason) && reason.includes("_ignored") ? tooOld : reason.slice(0, 500);
}

/** Types for which a value can only be too long, never of the wrong type. That is not a fault. */
const textTypes: ReadonlySet<string> = new Set([
  "keyword",
  "constant_keyword",
  "wildcard",
  "text",
  "match_only_text",
  "flattened",
]);

/** Returns the fields that gave way, the most frequent first, at most {@link maxTold} per topic. */
export function gaveWayOf(ignored: readonly IgnoredField[], typeOf: TypeOf): FieldThatGaveWay[] {
  const told = new Map<string, number>();
  return ignored
    .flatMap(({ isRefused, ...one }): FieldThatGaveWay[] => {
      if (one.field === flattenedWords) return [];
      if (isRefused) return [{ ...one, why: "refused", type: null }];
      const type = typeOf(one.sample.index, one.field);
      if (type !== null && textTypes.has(type)) return [];
      // A name inside a mapped object was left out.
      const isUnmapped = type === null || type === "object";
      return [{ ...one, why: isUnmapped ? "limit" : "unfit", type: isUnmapped ? null : type }];
    })
    .toSorted((a, b) => b.records - a.records)
    .filter(({ topic }) => {
      const count = (told.get(topic) ?? 0) + 1;
      told.set(topic, count);
      return count <= maxTold;
    });
}

/**
 * What an empty list means, in sentences. It does not mean that every field is searchable: documents are counted by their
 * own time, and only if Elasticsearch or `kafka.refused` names a field.
 * @param topic null for all
 */
export function noneGaveWayText(topic: string | null): string {
  const of = topic === null ? "" : ` of ${topic}`;
  return (
    `No indexed record${of} with a @timestamp in the last 24 hours names a field that gave way. ` +
    "Records that were flattened or indexed as text for a reason that names no field, such as too many names, are not " +
    "counted: Explore finds them by the tags fields_flattened and fields_as_text."
  );
}

/** Explains to a person why a field gave way. */
export function gaveWayReason({ why, type }: Pick<FieldThatGaveWay, "why" | "type">): string {
  if (why === "unfit") return `values do not fit the mapped type${type === null ? "" : ` ${type}`}`;
  if (why === "limit") return "the index has the maximum number of fields";
  return "the index refused the records, so their fields were flattened";
}
