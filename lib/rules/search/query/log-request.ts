import { PenstockError } from "../../base/errors.ts";
import { quoted } from "../../base/visible-text.ts";
import type { SearchCursor } from "./cursor.ts";
import { parseTimeExpression, timeExpressionRule } from "./time-expression.ts";

/** Which logs to search for. */
export interface LogFilter {
  /** Without duplicates; empty for all current topics. */
  readonly topics: readonly string[];
  /** Any text; empty for everything. */
  readonly query: string;
  /** Milliseconds since the epoch, both inclusive. */
  readonly fromMs: number;
  readonly toMs: number;
}

export interface LogRequest extends LogFilter {
  /** The maximum number of hits. */
  readonly size: number;
  readonly after: SearchCursor | null;
  readonly histogram: boolean;
}

/** A filter in the caller's words. */
export interface LogFilterWords {
  readonly topic: readonly string[];
  readonly q?: string | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

/** @throws PenstockError `usage`, naming the parameter, the value and the rule */
export function parseLogFilter(
  { topic, q = "", from = "now-15m", to = "now" }: LogFilterWords,
  nowMs: number,
): LogFilter {
  const moment = (name: string, text: string): number => {
    const timestampMs = parseTimeExpression(text, nowMs);
    if (timestampMs === null) throw usage(name, text, timeExpressionRule);
    return timestampMs;
  };
  const [fromMs, toMs] = [moment("from", from), moment("to", to)];
  if (fromMs > toMs) throw usage("from", from, "must not be after to");
  return { topics: [...new Set(topic)], query: q.trim(), fromMs, toMs };
}

function usage(name: string, value: string, rule: string): PenstockError {
  return new PenstockError("usage", `${name} ${quoted(value)} ${rule}`);
}
