import type { z } from "zod";
import { maxTargetLength, targetText } from "../../../rules/search/query/target.ts";
import { shaped } from "../transport/shaped.ts";
import type { ElasticsearchRequest } from "../transport/transport.ts";

/**
 * Sends a GET and returns the parsed answer.
 * @throws PenstockError `elasticsearch_unavailable` or `elasticsearch_refused`
 */
export type Get = (path: string, querystring: Readonly<Record<string, string>>) => Promise<unknown>;

/** The client's `ask`, as far as it is needed here: the client itself depends on this folder. */
export interface Client {
  ask(
    question: Pick<ElasticsearchRequest, "method" | "path" | "querystring" | "timeoutMs"> & {
      readonly body?: object;
    },
    signal: AbortSignal,
  ): Promise<unknown>;
}

export function getFrom(elasticsearch: Client, signal: AbortSignal, timeoutMs = 8_000): Get {
  return (path, querystring) => elasticsearch.ask({ method: "GET", path, querystring, timeoutMs }, signal);
}

/** What is asked about names, with the names as they stand in a path. */
export interface QuestionAboutNames<T> {
  readonly path: (names: string) => string;
  readonly querystring: Readonly<Record<string, string>>;
  readonly shape: z.ZodType<T>;
}

/**
 * Asks about many names, with as many of them in one request as a URL takes.
 * @throws PenstockError `elasticsearch_unavailable` or `elasticsearch_refused`
 */
export async function askAbout<T>(
  get: Get,
  names: readonly string[],
  { path, querystring, shape }: QuestionAboutNames<T>,
): Promise<readonly T[]> {
  const answers: T[] = [];
  for (const some of chunksOf([...new Set(names)])) {
    const place = path(targetText(some));
    answers.push(shaped(shape, await get(place, querystring), place));
  }
  return answers;
}

/** Splits names so that each part fits into a request line. */
export function chunksOf(names: readonly string[]): string[][] {
  const chunks: string[][] = [];
  let length = Infinity;
  for (const name of names) {
    const more = encodeURIComponent(name).length + 1;
    if (length + more > maxTargetLength) {
      chunks.push([]);
      length = 0;
    }
    chunks.at(-1)?.push(name);
    length += more;
  }
  return chunks;
}
