import { z } from "zod";
import { parseServerError } from "../../../rules/outcomes/bulk-answer.ts";
import { answeredText } from "../../../rules/outcomes/outcome.ts";
import type { Elasticsearch } from "../client.ts";
import { ofTopic } from "../sent/highest.ts";
import { shaped } from "../transport/shaped.ts";
import { errorOf } from "../transport/version.ts";

/** One search of many. */
export interface SpanQuestion {
  /** Names and patterns; missing and closed ones are left out. Not empty. */
  readonly indices: readonly string[];
  /** Null: the first and the last `@timestamp`. Otherwise the number of documents of each of these topics. */
  readonly topics: readonly string[] | null;
}

/** The aggregated values in the order of the question, null without documents; or why there are none. */
export type SpanAnswer = { readonly values: readonly (number | null)[] } | { readonly failure: string };

const TIMEOUT_MS = 8_000;
const MAX_ANSWER_BYTES = 4 * 1024 * 1024;
const SEARCHES_AT_ONCE = 500;

const value = z.object({ value: z.number().nullable() });
const responsesShape = z.object({
  responses: z.array(
    z.object({
      status: z.number(),
      error: z.unknown().optional(),
      _shards: z.object({ failed: z.number() }).optional(),
      aggregations: z
        .object({
          from: value.optional(),
          to: value.optional(),
          topics: z.object({ buckets: z.array(z.object({ doc_count: z.number() })) }).optional(),
        })
        .optional(),
    }),
  ),
});
const filterPath = ["status", "error.type", "error.reason", "_shards.failed", "aggregations"]
  .map((member) => `responses.${member}`)
  .join(",");

/**
 * Searches for all questions in one request of up to 500. Without a query, Elasticsearch reads first and last times from
 * each segment's points and not from the documents.
 * @throws PenstockError `elasticsearch_unavailable` or `elasticsearch_refused`
 */
export async function readSpans(
  elasticsearch: Pick<Elasticsearch, "askForText">,
  questions: readonly SpanQuestion[],
  signal: AbortSignal,
): Promise<readonly SpanAnswer[]> {
  const answers: SpanAnswer[] = [];
  for (let at = 0; at < questions.length; at += SEARCHES_AT_ONCE) {
    const some = questions.slice(at, at + SEARCHES_AT_ONCE);
    const question = {
      method: "POST",
      path: "/_msearch",
      querystring: { filter_path: filterPath },
      body: some.map(linesOf).join(""),
      timeoutMs: TIMEOUT_MS,
    } as const;
    const limits = { maxBytes: MAX_ANSWER_BYTES, format: "x-ndjson" } as const;
    const answer = await elasticsearch.askForText(question, limits, signal);
    if ("failure" in answer) throw errorOf(answer.failure);
    if (answer.text === null) throw errorOf({ kind: "answer_too_large", message: "too large an answer" });
    const { responses } = shaped(responsesShape, JSON.parse(answer.text), question.path);
    answers.push(...some.map((asked, place) => answerOf(asked, responses[place])));
  }
  return answers;
}

function linesOf({ indices, topics }: SpanQuestion): string {
  const header = { index: indices, ignore_unavailable: true, allow_no_indices: true };
  const aggs =
    topics === null
      ? { from: { min: { field: "@timestamp" } }, to: { max: { field: "@timestamp" } } }
      : { topics: { filters: { filters: topics.map(ofTopic) } } };
  return `${JSON.stringify(header)}\n${JSON.stringify({ size: 0, track_total_hits: false, aggs })}\n`;
}

function answerOf(
  { topics }: SpanQuestion,
  response: z.infer<typeof responsesShape>["responses"][number] | undefined,
): SpanAnswer {
  if (response === undefined) return { failure: "Elasticsearch left out an answer" };
  const { status, error, _shards: shards, aggregations } = response;
  if (status >= 400) return { failure: answeredText(status, parseServerError(error)) };
  if ((shards?.failed ?? 0) > 0) return { failure: "not every shard answered the search" };
  if (topics === null)
    return { values: [aggregations?.from?.value ?? null, aggregations?.to?.value ?? null] };
  const counts = aggregations?.topics?.buckets.map(({ doc_count: count }) => count);
  // No index was searched.
  return { values: counts ?? topics.map(() => 0) };
}
