import { PenstockError } from "../base/errors.ts";
import { visibleText } from "../base/visible-text.ts";

export type Path = readonly (string | number)[];

/** A rule that a document breaks, before its position and its printable value are known. */
export interface Fault {
  readonly path: Path;
  /** A predicate, to be read after the value: `is not host:port`. Never contains the value, which may be a secret. */
  readonly rule: string;
  /** Whether the value is wrong, the key itself, or its absence. */
  readonly about: "value" | "key" | "absence";
}

/** The same fault at another path. */
export function moved({ rule, about }: Fault, path: Path): Fault {
  return { path, rule, about };
}

/** One problem of a config file. */
export interface ConfigProblem {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
  /** `kafka.brokers[0]`; empty for the whole file. */
  readonly path: string;
  /** The printable value: secrets hidden, `${VAR}` not replaced, at most 100 characters. Null if there is none to show. */
  readonly value: string | null;
  readonly rule: string;
  /** `config.yaml:12:9 kafka.brokers[0]: "foo" is not host:port` */
  readonly message: string;
}

/** Nobody reads more than that in a log line or response. */
export const maxProblems = 50;

/** All problems of a config file, in the file's order; the message has one line for each. */
export class ConfigError extends PenstockError {
  readonly problems: readonly ConfigProblem[];

  /** @param count the number of all problems, if these are only the first */
  constructor(problems: readonly ConfigProblem[], count = problems.length) {
    const lines = problems.map((problem) => problem.message);
    if (count > problems.length) lines.push(`… and ${count - problems.length} more`);
    super("config_invalid", lines.join("\n"));
    this.problems = problems;
  }
}

export function formatPath(path: Path): string {
  return path
    .map((segment, depth) => {
      if (typeof segment === "number") return `[${segment}]`;
      if (!/^[\w-]{1,100}$/.test(segment)) return `[${quoted(segment)}]`;
      return depth === 0 ? segment : `.${segment}`;
    })
    .join("");
}

/** A non-secret value as shown in messages: quoted as in JSON, containers by their kind only. */
export function showValue(value: unknown): string {
  if (typeof value === "string") return quoted(withoutCredentials(value));
  if (Array.isArray(value)) return "(a list)";
  if (typeof value === "object" && value !== null) return "(a mapping)";
  return cut(String(value));
}

function quoted(text: string): string {
  return visibleText(JSON.stringify(cut(text)));
}

export function cut(text: string, maxLength = 100): string {
  return text.length <= maxLength ? text : `${text.slice(0, maxLength).toWellFormed()}…`;
}

/**
 * Hides a possible login in a URL, or before an address without a scheme, such as a broker's.
 * Written by hand: `/\/\/.*@/s` would search for the end from every `//`, and take hours for a megabyte of them.
 */
function withoutCredentials(text: string): string {
  const to = text.lastIndexOf("@");
  if (to === -1) return text;
  const from = text.indexOf("//") + 2;
  if (from !== 1 && from <= to) return `${text.slice(0, from)}(hidden)${text.slice(to)}`;
  const before = text.slice(0, to);
  return before.includes(":") && !/[\s"'{}[\],]/.test(before) ? `(hidden)${text.slice(to)}` : text;
}
