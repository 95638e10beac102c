import { PenstockError } from "../../base/errors.ts";
import { parseCursor, type SearchCursor } from "./cursor.ts";
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

const maxQueryLength = 1_024;
const maxHits = 100;
const defaultFrom = "now-15m";

const filterNames = ["topic", "q", "from", "to"] as const;
const searchParameters = [...filterNames, "size", "after", "histogram"] as const;
export const exportParameters = [...filterNames, "format"] as const;
export const tailParameters = ["topic", "q"] as const;
export const documentParameters = ["topic", "id"] as const;

/** A URL's parameters: each name with all its values. */
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

/** @throws PenstockError `usage` if it is too long; any other text is valid */
export function parseQueryText(parameters: Parameters): string {
  const query = single(parameters, "q") ?? "";
  if (query.length > maxQueryLength) {
    throw usage("q", query, `must have at most ${maxQueryLength} characters, but has ${query.length}`);
  }
  return query.trim();
}

/**
 * Returns a parameter's value; the first allowed one if the parameter is absent.
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

/** @returns null if it is absent. @throws PenstockError `usage` if it is given more than once */
export function single(parameters: Parameters, name: string): string | null {
  const values = Object.hasOwn(parameters, name) ? (parameters[name] ?? []) : [];
  if (values.length > 1) {
    throw new PenstockError("usage", `${name} is given ${values.length} times: it may be given once`);
  }
  return values[0] ?? null;
}

/** Refuses misspelt names: ignoring one would return more than was asked for. @throws PenstockError `usage` */
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
