import { PenstockError } from "../../base/errors.ts";
import { quoted } from "../../base/visible-text.ts";
import { checkFieldCost, checkTailTests, maxSearchLength } from "../grammar/limits.ts";
import type { MappedField } from "../grammar/mapping.ts";
import { parseQuery } from "../grammar/parse.ts";
import { allOf, type Query } from "../grammar/query.ts";
import type { SearchCursor } from "./cursor.ts";
import { parseMoment, timeExpressionRule } from "../grammar/time-expression.ts";

/** Which logs to search for. */
export interface LogFilter {
  /** Without duplicates; empty for all current topics. */
  readonly topics: readonly string[];
  /** Null for everything. */
  readonly query: Query | null;
  /** Milliseconds since the epoch, both inclusive. */
  readonly fromMs: number;
  readonly toMs: number;
}

/** A filter whose fields were looked up. */
export interface KnownFilter extends LogFilter {
  /** How the indices map a field of the query; null if they have none. */
  readonly fieldOf: (name: string) => MappedField | null;
}

/** The order of time. */
export type LogOrder = "newest" | "oldest";

export interface LogRequest extends LogFilter {
  /** The maximum number of hits. */
  readonly size: number;
  readonly after: SearchCursor | null;
  /** Which comes first. */
  readonly order: LogOrder;
  readonly histogram: boolean;
}

/** A filter in the caller's words. */
export interface LogFilterWords {
  readonly topic: readonly string[];
  readonly q?: string | undefined;
  /** More searches that must match too. */
  readonly filter?: readonly string[] | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

/** @throws PenstockError `usage`, naming the parameter, the value and the rule; QueryError for `q` and `filter` */
export function parseLogFilter(
  { from = "now-15m", to = "now", ...search }: LogFilterWords,
  nowMs: number,
): LogFilter {
  const moment = (name: string, text: string): number => {
    const timestampMs = parseMoment(text, nowMs);
    if (timestampMs === null) throw usage(name, text, timeExpressionRule);
    return timestampMs;
  };
  const [fromMs, toMs] = [moment("from", from), moment("to", to)];
  if (fromMs > toMs) throw usage("from", from, "must not be after to");
  return { ...parseSearch(search), fromMs, toMs };
}

type Search = Pick<LogFilter, "topics" | "query">;
type SearchWords = Pick<LogFilterWords, "topic" | "q" | "filter">;

/** The filter of a live tail, which has no time. @throws as `parseLogFilter` */
export function parseTailFilter(words: SearchWords): Search {
  const search = parseSearch(words);
  checkTailTests(search.query);
  return search;
}

function parseSearch({ topic, q = "", filter = [] }: SearchWords): Search {
  const texts = [q, ...filter];
  const length = texts.reduce((sum, text) => sum + text.length, 0);
  if (length > maxSearchLength) {
    const rule = `q and all filters together must have at most ${maxSearchLength}`;
    throw new PenstockError("usage", `the search has ${length} characters: ${rule}`);
  }
  const query = allOf(texts.map(parseQuery));
  checkFieldCost(query);
  return { topics: [...new Set(topic)], query };
}

function usage(name: string, value: string, rule: string): PenstockError {
  return new PenstockError("usage", `${name} ${quoted(value)} ${rule}`);
}
