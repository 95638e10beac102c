import { PenstockError } from "../../base/errors.ts";
import { parseCursor, type SearchCursor } from "./cursor.ts";
import { parseTimeExpression, timeExpressionRule } from "./time-expression.ts";

/** What logs are looked for. */
export interface LogFilter {
  /** Each once; empty: all topics in force. */
  readonly topics: readonly string[];
  /** Any text; empty: everything. */
  readonly query: string;
  /** Milliseconds since the epoch, both included. */
  readonly fromMs: number;
  readonly toMs: number;
}

export interface LogRequest extends LogFilter {
  /** Hits at most. */
  readonly size: number;
  readonly after: SearchCursor | null;
  readonly histogram: boolean;
}

const maxQueryLength = 1_024;
const maxHits = 100;
const defaultFrom = "now-15m";

const filterNames = ["topic", "q", "from", "to"] as const;
const searchParameters = [...filterNames, "size", "after", "histogram"] as const;
export const exportParameters = [...filterNames, "format"] as const;
export const tailParameters = ["topic", "q"] as const;
export const documentParameters = ["topic", "id"] as const;

/** Parameters of a URL: every name with all its values. */
export type Parameters = Readonly<Record<string, readonly string[]>>;

/** @throws PenstockError `usage`, naming the parameter, the value and the rule */
export function parseLogRequest(parameters: Parameters, nowMs: number): LogRequest {
  assertKnown(parameters, searchParameters);
  const size = single(parameters, "size") ?? String(maxHits);
  if (!/^\d{1,3}$/.test(size) || Number(size) < 1 || Number(size) > maxHits) {
    throw usage("size", size, `must be a whole number from 1 to ${maxHits}`);
  }
  const after = single(parameters, "after");
  const cursor = after === null ? null : parseCursor(after);
  if (after !== null && cursor === null) throw usage("after", after, "must be the `next` of an answer");
  return {
    ...parseLogFilter(parameters, nowMs),
    size: Number(size),
    after: cursor,
    histogram: oneOf(parameters, "histogram", ["false", "true"]) === "true",
  };
}

/** @throws PenstockError `usage` */
export function parseLogFilter(parameters: Parameters, nowMs: number): LogFilter {
  const moment = (name: string, otherwise: string): number => {
    const text = single(parameters, name) ?? otherwise;
    const timestampMs = parseTimeExpression(text, nowMs);
    if (timestampMs === null) throw usage(name, text, timeExpressionRule);
    return timestampMs;
  };
  const [fromMs, toMs] = [moment("from", defaultFrom), moment("to", "now")];
  if (fromMs > toMs) throw usage("from", single(parameters, "from") ?? defaultFrom, "must not be after to");
  return { topics: parseTopics(parameters), query: parseQueryText(parameters), fromMs, toMs };
}

export function parseTopics(parameters: Parameters): readonly string[] {
  return [...new Set(parameters["topic"])];
}

/** @throws PenstockError `usage` where it is too long; nothing else about it can be wrong */
export function parseQueryText(parameters: Parameters): string {
  const query = single(parameters, "q") ?? "";
  if (query.length > maxQueryLength) {
    throw usage("q", query, `must be at most ${maxQueryLength} characters, and is ${query.length}`);
  }
  return query.trim();
}

/**
 * The one value of a parameter, the first of the allowed ones where it is absent.
 * @throws PenstockError `usage`
 */
export function oneOf<const T extends string>(
  parameters: Parameters,
  name: string,
  allowed: readonly [T, ...T[]],
): T {
  const value = single(parameters, name) ?? allowed[0];
  const found = allowed.find((each) => each === value);
  if (found === undefined) throw usage(name, value, `must be ${allowed.join(" or ")}`);
  return found;
}

/** @returns null where it is absent. @throws PenstockError `usage` where it stands more than once */
export function single(parameters: Parameters, name: string): string | null {
  const values = Object.hasOwn(parameters, name) ? (parameters[name] ?? []) : [];
  if (values.length > 1) {
    throw new PenstockError("usage", `${name} is given ${values.length} times: it may be given once`);
  }
  return values[0] ?? null;
}

/** A misspelt name is refused: what it was to narrow would come back whole. @throws PenstockError `usage` */
export function assertKnown(parameters: Parameters, known: readonly string[]): void {
  const unknown = Object.keys(parameters).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  const names = `${known.slice(0, -1).join(", ")} or ${known.at(-1) ?? ""}`;
  throw new PenstockError("usage", `Unknown parameter ${shown(unknown)}: it must be ${names}`);
}

function usage(name: string, value: string, rule: string): PenstockError {
  return new PenstockError("usage", `${name} ${shown(value)} ${rule}`);
}

function shown(value: string): string {
  return JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}…` : value);
}
