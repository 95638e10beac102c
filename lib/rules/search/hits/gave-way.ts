import { parseServerError } from "../../outcomes/bulk-answer.ts";
import { isObject } from "../../json/json-document.ts";
import { flattenedWords } from "../../template/template-body.ts";

/** A field of a topic by whose name some of its documents are not found, though they hold it. */
export interface FieldThatGaveWay {
  readonly topic: string;
  readonly field: string;
  /** Documents. */
  readonly records: number;
  /**
   * - **unfit**: a value does not fit the field's type.
   * - **limit**: it is one field more than the index may have.
   * - **refused**: the index refused the whole record for it, which was then flattened (`kafka.refused`).
   */
  readonly why: "unfit" | "limit" | "refused";
  /** As which it is mapped; null: it is not. */
  readonly type: string | null;
  /** One of them. */
  readonly sample: { readonly index: string; readonly id: string };
}

/** What an index maps a field as; null: not at all. */
export type TypeOf = (index: string, field: string) => string | null;

/** What `readIgnoredFields` asks with. All throw PenstockError. */
export interface IgnoredFieldsDeps {
  /** One search. @returns the answer's text; null where it is longer than `maxBytes` */
  readonly search: (indices: readonly string[], body: object, maxBytes: number) => Promise<string | null>;
  /** What each of the indices maps the fields as. */
  readonly fieldTypes: (indices: readonly string[], fields: readonly string[]) => Promise<TypeOf>;
}

/** A field that some documents call ignored, for whatever reason, or refused. */
export interface IgnoredField extends Omit<FieldThatGaveWay, "why" | "type"> {
  readonly isRefused: boolean;
}

/** Of whose documents is asked: the last day's where a person asks, the last hour's for the metrics. */
export const dayMs = 86_400_000;
export const hourMs = 3_600_000;

const timeoutSeconds = 5;
const ignoredBy = "_ignored";
const refusedBy = "kafka.refused";
const maxTopics = 100;
/** More than are told: those that are only long are among them. */
const maxIgnored = 60;
const maxTold = 20;

/**
 * The body of a search that counts, by topic, the fields that documents call ignored or refused. Elasticsearch keeps a list
 * of such documents, so that others cost nothing.
 * @param topics null: all
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
  /** What is missing, in sentences. */
  readonly problems: readonly string[];
}

/** @returns null where it is no answer to such a search */
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

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Whoever asked says that the answer is none.
    return null;
  }
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

const tooOld = "Elasticsearch counts them from 8.15 on, in indices made since";

function problemsOf(answer: Bucket, shards: Bucket): string[] {
  const problems = answer["timed_out"] === true ? [`Elasticsearch took longer than ${timeoutSeconds} s`] : [];
  if (typeof shards["failed"] !== "number" || shards["failed"] === 0) return problems;
  const failures = Array.isArray(shards["failures"]) ? (shards["failures"] as readonly unknown[]) : [];
  const reasons = failures.flatMap((failure) => {
    const error = isObject(failure) ? parseServerError(failure["reason"]) : null;
    return error === null ? [] : [whyUncounted(error.reason)];
  });
  return [...problems, ...new Set(reasons)].slice(0, 3);
}

/** Why an Elasticsearch, or an index, does not count ignored fields. */
export function whyUncounted(reason: string): string {
  return /fielddata/i.test(reason) && reason.includes("_ignored") ? tooOld : reason.slice(0, 500);
}

/** They keep long texts whole, and find them by their words or not at all: that is no fault. */
const textTypes: ReadonlySet<string> = new Set([
  "keyword",
  "constant_keyword",
  "wildcard",
  "text",
  "match_only_text",
  "flattened",
]);

/** Those that gave way, the most frequent first, at most {@link maxTold} of a topic. */
export function gaveWayOf(ignored: readonly IgnoredField[], typeOf: TypeOf): FieldThatGaveWay[] {
  const told = new Map<string, number>();
  return ignored
    .flatMap(({ isRefused, ...one }): FieldThatGaveWay[] => {
      if (one.field === flattenedWords) return [];
      if (isRefused) return [{ ...one, why: "refused", type: null }];
      const type = typeOf(one.sample.index, one.field);
      if (type !== null && textTypes.has(type)) return [];
      // Below what is mapped as an object a name was left out.
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

/** Why, for a person. */
export function gaveWayReason({ why, type }: Pick<FieldThatGaveWay, "why" | "type">): string {
  if (why === "unfit") return `values that are not of the type ${type ?? "it is mapped as"}`;
  if (why === "limit") return "the index has as many fields as it may have";
  return "the index refused the records, whose fields are one now";
}
