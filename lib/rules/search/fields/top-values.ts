import { jsonElements, rawFieldIn } from "../../json/json-members.ts";
import { isObject, mappingOf } from "../../json/object.ts";
import type { Kind, MappedField } from "../grammar/mapping.ts";
import { parsed, problemsOf } from "../hits/answer.ts";
import { searchQuery, searchTimeoutSeconds } from "../query/body.ts";
import type { KnownFilter } from "../query/log-request.ts";

/** A field, and what it contains in the documents of a search. */
export interface FieldValues {
  readonly name: string;
  readonly types: readonly string[];
  /** How many of the counted documents have it. */
  readonly documents: number;
  /** The most frequent values; null if Elasticsearch cannot count values of such a type. */
  readonly values: readonly { readonly value: string; readonly documents: number }[] | null;
}

/** Of each shard, so that a search over months costs no more than one over minutes. */
const countedDocuments = 10_000;
const shownValues = 5;
const countable: ReadonlySet<Kind> = new Set(["keyword", "number", "boolean", "ip", "flattened"]);

/** The body of a search that counts the values of fields. */
export function topValuesBody(
  filter: KnownFilter,
  fields: readonly MappedField[],
  inFewFields: boolean,
): object {
  const aggs = fields.flatMap((field, at) => [
    [`has${at}`, { filter: { exists: { field: field.name } } }] as const,
    ...(isCountable(field)
      ? [[`top${at}`, { terms: { field: field.name, size: shownValues, shard_size: 100 } }] as const]
      : []),
  ]);
  return {
    timeout: `${searchTimeoutSeconds}s`,
    size: 0,
    track_total_hits: false,
    query: searchQuery(filter, inFewFields),
    aggs: { some: { sampler: { shard_size: countedDocuments }, aggs: Object.fromEntries(aggs) } },
  };
}

/** Whether all indices map it so that its values can be counted together. */
function isCountable({ kinds: [kind, ...others] }: MappedField): boolean {
  return kind !== undefined && others.length === 0 && countable.has(kind);
}

export interface TopValues {
  readonly documents: number;
  readonly fields: readonly FieldValues[];
  readonly problems: readonly string[];
}

/** @returns null if it is not the answer to such a search */
export function readTopValues(text: string, fields: readonly MappedField[]): TopValues | null {
  const answer = parsed(text);
  if (!isObject(answer) || !isObject(answer["_shards"])) return null;
  const some = mappingOf(mappingOf(answer["aggregations"])["some"]);
  return {
    documents: countOf(some),
    problems: problemsOf(answer),
    fields: fields
      .map(({ name, types }, at) => ({
        name,
        types,
        documents: countOf(some[`has${at}`]),
        values: valuesOf(some[`top${at}`], rawFieldIn(text, `aggregations.some.top${at}.buckets`)),
      }))
      .filter(({ documents }) => documents > 0)
      .toSorted((a, b) => b.documents - a.documents),
  };
}

function countOf(value: unknown): number {
  const count = mappingOf(value)["doc_count"];
  return typeof count === "number" ? count : 0;
}

/** @param raw the text of the buckets: only there a long number has all of its digits */
function valuesOf(terms: unknown, raw: string | null): FieldValues["values"] {
  const buckets = mappingOf(terms)["buckets"];
  if (!Array.isArray(buckets)) return null;
  const raws = jsonElements(raw ?? "[]");
  return buckets.map((bucket: unknown, at) => {
    const { key, key_as_string: text } = mappingOf(bucket);
    const isLong = Number.isInteger(key) && !Number.isSafeInteger(key);
    const number = isLong ? rawFieldIn(raws[at] ?? "", "key") : null;
    return {
      value: typeof text === "string" ? text : (number ?? String(key)),
      documents: countOf(bucket),
    };
  });
}
