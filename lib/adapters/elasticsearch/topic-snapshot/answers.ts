import type { AuditDocument } from "../../../rules/audit/partition-audit.ts";
import { parseDocumentId } from "../../../rules/documents/document-id.ts";
import { PenstockError } from "../../../rules/base/errors.ts";
import { isObject } from "../../../rules/json/object.ts";

export interface IndexNames {
  /** Open indices, aliases and data streams. */
  readonly open: ReadonlySet<string>;
  readonly closed: ReadonlySet<string>;
  /** The aliases and data streams among `open`. */
  readonly others: ReadonlySet<string>;
}

/** Parses an answer to `GET /_resolve/index/…`. */
export function parseIndexNames(answer: unknown): IndexNames {
  const open = new Set<string>();
  const closed = new Set<string>();
  for (const { name, attributes } of entriesOf(answer, "indices")) {
    (attributes.includes("closed") ? closed : open).add(name);
  }
  const others = new Set(
    ["aliases", "data_streams"].flatMap((kind) => entriesOf(answer, kind)).map(({ name }) => name),
  );
  return { open: open.union(others), closed, others };
}

function entriesOf(answer: unknown, kind: string): { name: string; attributes: readonly unknown[] }[] {
  const list = isObject(answer) ? answer[kind] : null;
  if (!Array.isArray(list)) return [];
  return list.flatMap((entry: unknown) => {
    if (!isObject(entry) || typeof entry["name"] !== "string") return [];
    const attributes = entry["attributes"];
    return [{ name: entry["name"], attributes: Array.isArray(attributes) ? attributes : [] }];
  });
}

export interface ParsedPage {
  readonly documents: AuditDocument[];
  readonly hits: number;
  /** Documents whose `_id` was not assigned by Penstock. */
  readonly foreign: number;
  /** The sort values of the last hit; null if the page is empty. */
  readonly after: readonly number[] | null;
}

/**
 * Parses the hits of a search sorted by `kafka.offset`, reduced to `_id`, `_index` and `sort`. The document's offset
 * must match its id: a copy with another id is not ours.
 */
export function parsePage(topic: string, partition: number, answer: unknown): ParsedPage {
  const outer = isObject(answer) ? answer["hits"] : null;
  const list = isObject(outer) ? outer["hits"] : null;
  // With `filter_path`, an answer without hits is empty.
  const hits: readonly unknown[] = Array.isArray(list) ? list : [];
  const documents: AuditDocument[] = [];
  /** Shares one string per name: each hit brings its own copy. */
  const names = new Map<string, string>();
  let foreign = 0;
  let after: readonly number[] | null = null;
  for (const hit of hits) {
    if (!isObject(hit)) throw unreadable();
    const { _id: id, _index: index, sort } = hit;
    if (typeof id !== "string" || typeof index !== "string" || !isSort(sort)) throw unreadable();
    after = sort;
    const identity = parseDocumentId(topic, id);
    if (identity === null || identity.partition !== partition || identity.offset !== sort[0]) {
      if (!isOfOtherTopic(topic, id)) foreign += 1;
      continue;
    }
    const name = names.get(index) ?? index;
    names.set(name, name);
    documents.push({ offset: identity.offset, timestamp: identity.timestamp, index: name });
  }
  return { documents, hits: hits.length, foreign, after };
}

/** Parses the buckets of the aggregation `indices`, one for each index with matching documents. */
export function parseIndexBuckets(answer: unknown): readonly Readonly<Record<string, unknown>>[] {
  const aggregations = isObject(answer) ? answer["aggregations"] : null;
  const terms = isObject(aggregations) ? aggregations["indices"] : null;
  const buckets = isObject(terms) && Array.isArray(terms["buckets"]) ? terms["buckets"] : [];
  return buckets.filter((bucket: unknown) => isObject(bucket));
}

/** The offset of the only hit of a bucket's aggregation `first`. @returns null if its id is not one of Penstock's */
export function parseFirstOffset(topic: string, bucket: Readonly<Record<string, unknown>>): number | null {
  const outer = isObject(bucket["first"]) ? bucket["first"]["hits"] : null;
  const first: unknown = outer;
  const [hit]: readonly unknown[] = isObject(first) && Array.isArray(first["hits"]) ? first["hits"] : [];
  const id = isObject(hit) ? hit["_id"] : null;
  return typeof id === "string" ? (parseDocumentId(topic, id)?.offset ?? null) : null;
}

/** If a user's mapping analyzes `kafka.topic` as text, a search for one topic also finds others. */
function isOfOtherTopic(topic: string, id: string): boolean {
  const [named = ""] = id.split(":", 1);
  return named !== topic && parseDocumentId(named, id) !== null;
}

function isSort(sort: unknown): sort is readonly number[] {
  return Array.isArray(sort) && sort.every((value) => typeof value === "number");
}

function unreadable(): PenstockError {
  return new PenstockError(
    "elasticsearch_refused",
    "Elasticsearch's answer to a search contains a hit without its id",
  );
}
