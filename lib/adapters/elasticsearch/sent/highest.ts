import { PenstockError } from "../../../rules/base/errors.ts";
import { isObject } from "../../../rules/json/object.ts";
import { parseServerError } from "../../../rules/outcomes/bulk-answer.ts";
import type { Elasticsearch } from "../client.ts";
import { errorOf } from "../transport/version.ts";
import type { SpansOfTopic } from "./sent-records.ts";

/** Well below Elasticsearch's limit of clauses in a query, 1,024 at least. */
const SPANS_AT_ONCE = 150;
/** Searches in one request. Elasticsearch executes a few at a time. */
const SEARCHES_AT_ONCE = 200;
const TIMEOUT_MS = 30_000;
const MAX_ANSWER_BYTES = 16 * 1024 * 1024;

interface Search extends SpansOfTopic {
  /** The position of the topic among the questions. */
  readonly at: number;
}

/**
 * Finds the highest offset in each span. Each partition is bounded on its own: one that is far behind must not make the
 * search look at the documents of all.
 */
export async function askHighest(
  elasticsearch: Pick<Elasticsearch, "askForText">,
  topics: readonly SpansOfTopic[],
  signal: AbortSignal,
): Promise<readonly (ReadonlyMap<number, number> | Error)[]> {
  const found: (Map<number, number> | Error)[] = topics.map(() => new Map<number, number>());
  const searches = topics.flatMap((one, at) =>
    piecesOf(one.spans, SPANS_AT_ONCE).map((spans): Search => {
      const { topic, places } = one;
      return { topic, places, spans, at };
    }),
  );
  for (const some of piecesOf(searches, SEARCHES_AT_ONCE)) {
    const answers = await search(some);
    for (const [n, { at }] of some.entries()) {
      const highest = highestIn(answers[n]);
      const before = found[at];
      if (highest instanceof Error) found[at] = highest;
      else if (before instanceof Map)
        for (const [partition, offset] of highest) before.set(partition, offset);
    }
  }
  return found;

  async function search(some: readonly Search[]): Promise<readonly unknown[]> {
    const lines = some.flatMap((one) => [headerOf(one), bodyOf(one)]);
    const answer = await elasticsearch.askForText(
      {
        method: "POST",
        path: "/_msearch",
        querystring: { filter_path: "responses.status,responses.error,responses.aggregations" },
        body: lines.map((line) => `${JSON.stringify(line)}\n`).join(""),
        timeoutMs: TIMEOUT_MS,
      },
      { maxBytes: MAX_ANSWER_BYTES, format: "x-ndjson" },
      signal,
    );
    if ("failure" in answer) throw errorOf(answer.failure);
    const parsed: unknown = answer.text === null ? null : JSON.parse(answer.text);
    const responses = isObject(parsed) ? parsed["responses"] : null;
    if (Array.isArray(responses) && responses.length === some.length) return responses;
    throw new PenstockError("elasticsearch_refused", "Elasticsearch did not answer each of several searches");
  }
}

function headerOf({ places }: SpansOfTopic): object {
  return {
    index: places,
    ignore_unavailable: true,
    allow_no_indices: true,
    // Documents of a missing shard would look as if they had never been sent.
    allow_partial_search_results: false,
  };
}

function bodyOf({ topic, spans }: SpansOfTopic): object {
  const within = spans.map(({ partition, start, end }) => ({
    bool: {
      filter: [
        { term: { "kafka.partition": partition } },
        { range: { "kafka.offset": { gte: start, lt: end } } },
      ],
    },
  }));
  return {
    size: 0,
    track_total_hits: false,
    query: { bool: { filter: [ofTopic(topic), { bool: { should: within } }] } },
    aggs: {
      partitions: {
        terms: { field: "kafka.partition", size: spans.length },
        aggs: { highest: { max: { field: "kafka.offset" } } },
      },
    },
  };
}

/** Matches the documents of a topic. Without our template, Elasticsearch maps it as text with a `keyword` subfield. */
export function ofTopic(topic: string): object {
  return {
    bool: { should: [{ term: { "kafka.topic": topic } }, { term: { "kafka.topic.keyword": topic } }] },
  };
}

/** @returns an error if this search failed: one topic's missing shard is not the others' */
function highestIn(response: unknown): ReadonlyMap<number, number> | Error {
  const answer = isObject(response) ? response : {};
  const status = typeof answer["status"] === "number" ? answer["status"] : 0;
  if (status !== 200) {
    const error = parseServerError(answer["error"]);
    return errorOf({ kind: "response", status: status === 0 ? 500 : status, error });
  }
  const aggregations = isObject(answer["aggregations"]) ? answer["aggregations"] : {};
  const terms = aggregations["partitions"];
  // Without any index there is nothing to aggregate.
  const buckets: unknown = isObject(terms) ? terms["buckets"] : [];
  const found = new Map<number, number>();
  for (const bucket of Array.isArray(buckets) ? (buckets as readonly unknown[]) : []) {
    const { key, highest } = isObject(bucket) ? bucket : {};
    const value = isObject(highest) ? highest["value"] : null;
    if (typeof key !== "number" || typeof value !== "number")
      return new Error("the documents' kafka.partition or kafka.offset is not mapped as a number");
    found.set(key, value);
  }
  return found;
}

function piecesOf<T>(all: readonly T[], size: number): T[][] {
  const pieces: T[][] = [];
  for (let at = 0; at < all.length; at += size) pieces.push(all.slice(at, at + size));
  return pieces;
}
