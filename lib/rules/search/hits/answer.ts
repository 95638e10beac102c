import { parseServerError, type ServerError } from "../../outcomes/bulk-answer.ts";
import { PenstockError } from "../../base/errors.ts";
import { quoted } from "../../base/visible-text.ts";
import { isObject, type Mapping, mappingOf } from "../../json/object.ts";
import type { ShownLevel } from "../../level/shown-levels.ts";
import { jsonElements, jsonMembers } from "../../json/json-members.ts";
import { searchTimeoutSeconds } from "../query/body.ts";
import { cursorOfHit, type SearchCursor } from "../query/cursor.ts";

/** One hit of Elasticsearch's answer. */
export interface FoundHit {
  readonly id: string;
  readonly index: string;
  /** Null if the search was not sorted as pages are. */
  readonly cursor: SearchCursor | null;
  /** The source's text, and that text parsed; null if not asked for. */
  readonly source: { readonly raw: string; readonly object: Readonly<Record<string, unknown>> } | null;
  /** The message with markers; null if there is none. */
  readonly marked: string | null;
  /** Null if the document does not say. */
  readonly topic: string | null;
  /** As the document has it. */
  readonly level: string | null;
  readonly tags: readonly string[];
  /** Fields that Elasticsearch kept in the source, but indexed not at all or only in part (`_ignored`). */
  readonly ignored: readonly string[];
}

/** Elasticsearch's answer to a search. */
export interface FoundPage {
  readonly tookMs: number;
  /** Why the results are incomplete, in sentences; empty if they are complete. */
  readonly problems: readonly string[];
  /** Null if not asked for. */
  readonly total: { readonly value: number; readonly exact: boolean } | null;
  readonly hits: readonly FoundHit[];
  /** Non-empty bars. */
  readonly bars: readonly Bar[];
  /** The same of each level. */
  readonly levels: Readonly<Record<ShownLevel, readonly Bar[]>>;
}

/** Start in milliseconds since the epoch, and the number of documents. */
export type Bar = readonly [startMs: number, documents: number];

/**
 * Reads the answer of a `_search`. Sources are copied from its text: parsing and rewriting them would cost long numbers
 * their last digits.
 * @returns null if it is not such an answer
 */
export function readAnswer(text: string): FoundPage | null {
  const answer = parsed(text);
  const outer = isObject(answer) ? answer["hits"] : null;
  if (!isObject(answer) || !isObject(outer) || !Array.isArray(outer["hits"])) return null;
  const raws = jsonElements(rawMember(rawMember(text, "hits"), "hits"));
  const hits: FoundHit[] = [];
  for (const [position, hit] of (outer["hits"] as readonly unknown[]).entries()) {
    const found = readHit(hit, raws[position] ?? "{}");
    if (found === null) return null;
    hits.push(found);
  }
  const { took } = answer;
  return {
    tookMs: typeof took === "number" ? took : 0,
    problems: problemsOf(answer),
    total: totalOf(outer["total"]),
    hits,
    ...barsOf(answer["aggregations"]),
  };
}

/** @returns null if it is not JSON; the caller reports the invalid answer */
export function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function rawMember(text: string, name: string): string {
  return jsonMembers(text).get(name)?.rawValue ?? "";
}

function readHit(hit: unknown, rawHit: string): FoundHit | null {
  if (!isObject(hit)) return null;
  const { _id: id, _index: index, _source: object, highlight, fields } = hit;
  if (typeof id !== "string" || typeof index !== "string") return null;
  const marked = isObject(highlight) ? highlight["message"] : null;
  const texts = (name: string): string[] => stringsIn(isObject(fields) ? fields[name] : null);
  return {
    id,
    index,
    cursor: cursorOfHit(hit),
    source: isObject(object) ? { raw: rawMember(rawHit, "_source"), object } : null,
    marked: Array.isArray(marked) && typeof marked[0] === "string" ? marked[0] : null,
    topic: texts("kafka.topic")[0] ?? null,
    level: texts("log.level")[0] ?? null,
    tags: texts("tags"),
    ignored: stringsIn(hit["_ignored"]),
  };
}

function stringsIn(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((each: unknown) => typeof each === "string") : [];
}

/**
 * Ends a search that did not find what it looked for, if that may be in a shard that did not answer.
 * @param problems of the answer
 * @throws PenstockError `elasticsearch_unavailable`
 */
export function assertAbsent(what: string, [why]: readonly string[]): void {
  if (why === undefined) return;
  const message = `whether ${what} is not known: ${why.replace(/\.$/, "")}`;
  throw new PenstockError("elasticsearch_unavailable", message, { retryable: true });
}

/** The problem that may be gone at the next try. */
export const tookTooLong = `Elasticsearch took longer than ${searchTimeoutSeconds} s. These results are incomplete.`;

/** Why an answer is incomplete, in sentences. */
export function problemsOf(answer: Readonly<Record<string, unknown>>): string[] {
  const problems: string[] = [];
  if (answer["timed_out"] === true) problems.push(tookTooLong);
  const shards = answer["_shards"];
  if (!isObject(shards) || typeof shards["failed"] !== "number" || shards["failed"] === 0) return problems;
  const places = new Map<string, Set<string>>();
  for (const { error, index } of failuresOf(shards)) {
    // An index without any shard has no reason.
    const reason = (error.reason === "" ? error.type : `${error.type}: ${error.reason}`).slice(0, 500);
    const indices = places.get(reason) ?? new Set<string>();
    places.set(reason, index === null ? indices : indices.add(index));
  }
  const reasons = [...places].slice(0, 3).map(([reason, indices]) => `${reason}${placeText([...indices])}`);
  const why = reasons.length === 0 ? "" : `: ${reasons.join("; ")}`;
  problems.push(`${shards["failed"]} of ${String(shards["total"])} shards failed${why}.`);
  return problems;
}

function placeText([first, ...others]: readonly string[]): string {
  if (first === undefined) return "";
  return ` (index ${quoted(first)}${others.length === 0 ? "" : ` and ${others.length} more`})`;
}

/** The errors of failed shards. */
export function errorsOf(shards: Readonly<Record<string, unknown>>): ServerError[] {
  return failuresOf(shards).map(({ error }) => error);
}

/** What failed, and in which index; null if that is not said. */
function failuresOf({ failures }: Readonly<Record<string, unknown>>) {
  if (!Array.isArray(failures)) return [];
  return failures.flatMap((failure: unknown) => {
    const error = isObject(failure) ? parseServerError(failure["reason"]) : null;
    if (!isObject(failure) || error === null) return [];
    return [{ error, index: typeof failure["index"] === "string" ? failure["index"] : null }];
  });
}

function totalOf(total: unknown): FoundPage["total"] {
  if (!isObject(total) || typeof total["value"] !== "number") return null;
  return { value: total["value"], exact: total["relation"] === "eq" };
}

function barsOf(aggregations: unknown): Pick<FoundPage, "bars" | "levels"> {
  const { buckets } = mappingOf(mappingOf(aggregations)["bars"]);
  const bars = (Array.isArray(buckets) ? buckets : []).map((bucket: unknown) => mappingOf(bucket));
  const counted = (countIn: (bucket: Mapping) => unknown): Bar[] =>
    bars.flatMap((bucket) => {
      const [start, documents] = [bucket["key"], countIn(bucket)];
      return typeof start === "number" && typeof documents === "number" && documents > 0
        ? [[start, documents] as const]
        : [];
    });
  const ofLevel = (level: ShownLevel): Bar[] =>
    counted(({ levels }) => mappingOf(mappingOf(mappingOf(levels)["buckets"])[level])["doc_count"]);
  return {
    bars: counted((bucket) => bucket["doc_count"]),
    levels: {
      error: ofLevel("error"),
      warn: ofLevel("warn"),
      info: ofLevel("info"),
      debug: ofLevel("debug"),
    },
  };
}
