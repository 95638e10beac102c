import type { z } from "zod";
import { httpStatusOf } from "../../../rules/diagnosis/elasticsearch.ts";
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
  /** Called with each name that is forbidden, or deleted meanwhile; absent: throws, whatever the others are. */
  readonly onRefused?: ((error: unknown, name: string) => void) | undefined;
}

/**
 * Asks about many names, with as many of them in one request as a URL takes.
 * @throws PenstockError `elasticsearch_unavailable` or `elasticsearch_refused`
 */
export async function askAbout<T>(
  get: Get,
  names: readonly string[],
  { path, querystring, shape, onRefused }: QuestionAboutNames<T>,
): Promise<readonly T[]> {
  const answers: T[] = [];
  const ask = async (some: readonly string[]): Promise<void> => {
    const place = path(targetText(some));
    answers.push(shaped(shape, await get(place, querystring), place));
  };
  for (const some of chunksOf([...new Set(names)])) {
    if (onRefused === undefined) await ask(some);
    else await inHalves(some, ask, onRefused);
  }
  return answers;
}

/** Enough to find three refused names among two hundred. Then the rest counts as refused. */
const MOST_TRIES = 64;

/**
 * Elasticsearch refuses a request about several names because of a single one that is forbidden, or deleted meanwhile. Asks
 * about the halves then, so that the others are not refused with it.
 * @param isLate whether no more halves are asked about; the rest counts as refused
 * @throws whatever else `ask` throws
 */
export async function inHalves(
  names: readonly string[],
  ask: (some: readonly string[]) => Promise<void>,
  onRefused: (error: unknown, name: string) => void,
  isLate: () => boolean = () => false,
): Promise<void> {
  let tries = 0;
  const part = async (some: readonly string[]): Promise<void> => {
    tries += 1;
    try {
      await ask(some);
    } catch (error) {
      if (![403, 404].includes(httpStatusOf(error) ?? 0)) throw error;
      if (some.length === 1 || tries >= MOST_TRIES || isLate()) {
        for (const name of some) onRefused(error, name);
        return;
      }
      const middle = some.length >> 1;
      await part(some.slice(0, middle));
      await part(some.slice(middle));
    }
  };
  await part(names);
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
