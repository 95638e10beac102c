import { PenstockError } from "../../base/errors.ts";
import { quoted } from "../../base/visible-text.ts";
import type { MappedField } from "../grammar/mapping.ts";
import { parseQuery } from "../grammar/parse.ts";
import { allOf, type Query } from "../grammar/query.ts";
import type { SearchCursor } from "./cursor.ts";
import { parseTimeExpression, timeExpressionRule } from "../grammar/time-expression.ts";

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
  { topic, q = "", filter = [], from = "now-15m", to = "now" }: LogFilterWords,
  nowMs: number,
): LogFilter {
  const moment = (name: string, text: string): number => {
    const timestampMs = parseTimeExpression(text, nowMs);
    if (timestampMs === null) throw usage(name, text, timeExpressionRule);
    return timestampMs;
  };
  const [fromMs, toMs] = [moment("from", from), moment("to", to)];
  if (fromMs > toMs) throw usage("from", from, "must not be after to");
  return { topics: [...new Set(topic)], query: allOf([q, ...filter].map(parseQuery)), fromMs, toMs };
}

function usage(name: string, value: string, rule: string): PenstockError {
  return new PenstockError("usage", `${name} ${quoted(value)} ${rule}`);
}
