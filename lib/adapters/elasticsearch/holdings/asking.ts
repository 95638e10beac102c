import type { z } from "zod";
import { targetText } from "../../../rules/search/query/target.ts";
import type { Elasticsearch } from "../client.ts";
import { chunksOf } from "../sent/targets.ts";
import { shaped } from "../transport/shaped.ts";

export type AskElasticsearch = Pick<Elasticsearch, "ask">;

const TIMEOUT_MS = 8_000;

export interface QuestionAboutNames<T> {
  readonly path: string;
  readonly querystring: Record<string, string>;
  readonly shape: z.ZodType<T>;
}

/**
 * Asks about many names, with as many of them in one request as a URL takes.
 * @param question about names as they stand in a path
 * @throws PenstockError `elasticsearch_unavailable` or `elasticsearch_refused`
 */
export async function askAbout<T>(
  elasticsearch: AskElasticsearch,
  names: readonly string[],
  signal: AbortSignal,
  question: (names: string) => QuestionAboutNames<T>,
): Promise<readonly T[]> {
  const answers: T[] = [];
  for (const some of chunksOf([...new Set(names)])) {
    const { path, querystring, shape } = question(targetText(some));
    const asked = { method: "GET", path, querystring, timeoutMs: TIMEOUT_MS } as const;
    answers.push(shaped(shape, await elasticsearch.ask(asked, signal), path));
  }
  return answers;
}
