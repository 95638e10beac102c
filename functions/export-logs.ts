import { setImmediate } from "node:timers/promises";
import { PenstockError } from "../lib/rules/base/errors.ts";
import { type FoundHit, tookTooLong } from "../lib/rules/search/hits/answer.ts";
import { createColumnReader } from "../lib/rules/search/fields/column-texts.ts";
import { searchBody } from "../lib/rules/search/query/body.ts";
import type { SearchCursor } from "../lib/rules/search/query/cursor.ts";
import { csvRow } from "../lib/rules/search/hits/csv.ts";
import { isoTime } from "../lib/rules/search/hits/log-hit.ts";
import type { LogFilter } from "../lib/rules/search/query/log-request.ts";
import { messageText } from "../lib/rules/search/hits/message-text.ts";
import { searchTarget } from "../lib/rules/search/query/target.ts";
import { narrowingSearch, type SearchLogsDeps, type SearchLogsInput } from "./search-logs.ts";
import { frequentFields } from "./search-logs/frequent-fields.ts";
import { knownFields } from "./search-logs/known-fields.ts";

export type ExportFormat = "ndjson" | "csv";

export interface ExportLogsInput extends LogFilter, Pick<SearchLogsInput, "inForce" | "managed" | "rebuilt"> {
  readonly format: ExportFormat;
  /** Fields as columns of CSV; empty to choose the most frequent. */
  readonly columns: readonly string[];
}

/** If more match, the oldest are left out. */
export const exportedDocuments = 10_000;
const pageDocuments = 500;

/** The columns of every record; those of its fields follow. */
const firstColumns = "timestamp,topic,partition,offset,message";
const mostColumns = 50;

/**
 * Yields the documents that the same search finds, newest first, as pieces of a file: NDJSON with each source as it was
 * written, or CSV with columns for its fields: those given, or the most frequent of the first page. If documents are too large for a page, pages get smaller. A document too large by itself is only
 * named.
 *
 * @throws QueryError as `searchLogs`; PenstockError as `deps`; also `elasticsearch_unavailable` if an answer is incomplete, because nobody
 *   would notice the holes in the file
 */
export async function* exportLogs(
  input: ExportLogsInput,
  deps: Pick<SearchLogsDeps, "search" | "fieldCaps">,
): AsyncGenerator<string, void, void> {
  const { inForce, managed, rebuilt, format, ...given } = input;
  const indices = searchTarget(input.topics, inForce, managed, rebuilt);
  const { query, fieldOf } = await knownFields(input.query, indices, deps.fieldCaps);
  const topics = input.topics.length === 0 ? [...inForce.keys()] : input.topics;
  const filter = { ...given, topics, query, fieldOf, order: "newest" as const };
  let columns = input.columns;
  let line = format === "csv" ? csvLines(columns) : ndjsonLine;
  const header = (): string => (format === "csv" ? csvHeader(columns) : "");
  let isFirst = true;
  if (indices.length === 0) {
    yield header();
    return;
  }
  const ask = narrowingSearch(deps.search, indices, filter.query);
  let after: SearchCursor | null = null;
  let size = pageDocuments;
  let left = exportedDocuments;
  while (left > 0) {
    const asked = Math.min(size, left);
    const hits = (await page(asked, "whole")) ?? (asked === 1 ? await page(1, "bare") : null);
    if (hits === null) {
      size = Math.max(1, Math.floor(asked / 4));
      continue;
    }
    if (isFirst && format === "csv" && columns.length === 0) {
      columns = await frequentFields(hits, mostColumns);
      line = csvLines(columns);
    }
    let piece = isFirst ? header() : "";
    for (const hit of hits) {
      piece += line(hit);
      // Others have their turn: a document may be large.
      await setImmediate();
    }
    if (isFirst || piece !== "") yield piece;
    isFirst = false;
    after = hits.at(-1)?.cursor ?? null;
    left -= hits.length;
    if (hits.length < asked || after === null) return;
  }

  async function page(count: number, form: "whole" | "bare"): Promise<readonly FoundHit[] | null> {
    const found = await ask.search((inFewFields) =>
      searchBody({ ...filter, size: count, after, intervalMs: null, form, inFewFields, marker: null }),
    );
    if (found === null) return null;
    const { hits, problems } = found;
    if (problems.length > 0) {
      // Shards that fail may do so until somebody mends their index.
      const retryable = problems.every((problem) => problem === tookTooLong);
      throw new PenstockError("elasticsearch_unavailable", problems.join(" "), { retryable });
    }
    return hits;
  }
}

function ndjsonLine({ source, id, index }: FoundHit): string {
  // In valid JSON, line breaks occur only between tokens.
  if (source !== null) return `${source.raw.replace(/[\r\n]+/g, " ")}\n`;
  return `${JSON.stringify({ penstock: { omitted: tooLarge(index, id) } })}\n`;
}

function csvHeader(columns: readonly string[]): string {
  return columns.length === 0 ? `${firstColumns}\r\n` : `${firstColumns},${csvRow(columns)}`;
}

/** Returns a function that writes a hit as a row. */
function csvLines(columns: readonly string[]): (hit: FoundHit) => string {
  const textsOf = createColumnReader(columns);
  return ({ source, cursor, topic, id, index }) => {
    const [timestampMs, partition, offset] = cursor ?? [null, -1, -1];
    const text = source === null ? tooLarge(index, id) : messageText(source.raw, source.object);
    const numbers = [partition, offset].map((value) => (value < 0 ? "" : String(value)));
    const texts = textsOf(source?.raw ?? "{}");
    return csvRow([isoTime(timestampMs) ?? "", topic ?? "", ...numbers, text, ...texts]);
  };
}

/** Tells where to find a document that is too large. */
export function tooLarge(index: string, id: string): string {
  return `too large to show here; read it from Elasticsearch: GET /${encodeURIComponent(index)}/_doc/${encodeURIComponent(id)}`;
}
