import { PenstockError } from "../base/errors.ts";
import { visibleText } from "../base/visible-text.ts";

export type Path = readonly (string | number)[];

/** A rule that a document breaks; where it stands and how its value may be shown is not known yet. */
export interface Fault {
  readonly path: Path;
  /** A predicate, to be read after the value: `is not host:port`. Never holds the value itself: that may be a secret. */
  readonly rule: string;
  /** What is wrong: the value, the key itself, or that the key is absent. */
  readonly about: "value" | "key" | "absence";
}

/** The same fault at another path. */
export function moved({ rule, about }: Fault, path: Path): Fault {
  return { path, rule, about };
}

/** One thing that is wrong with a config file. */
export interface ConfigProblem {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
  /** `kafka.brokers[0]`; empty: the whole file. */
  readonly path: string;
  /** The value as it may be shown: secrets hidden, `${VAR}` not replaced, at most 100 characters. Null: nothing to show. */
  readonly value: string | null;
  readonly rule: string;
  /** `config.yaml:12:9 kafka.brokers[0]: "foo" is not host:port` */
  readonly message: string;
}

/** Nobody reads more, in a log line or in an answer. */
export const maxProblems = 50;

/** What is wrong with a config file, in the file's order; the message has one line for each. */
export class ConfigError extends PenstockError {
  readonly problems: readonly ConfigProblem[];

  /** @param count of all problems, where these are only the first */
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

/** How a value is shown where it may be shown: quoted as in JSON, containers by their kind only. */
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
 * Without what may be a login: in a URL, and in front of an address without a scheme, which is what brokers have.
 * By hand: `/\/\/.*@/s` would look for the end from every `//`, and take hours for a megabyte of them.
 */
function withoutCredentials(text: string): string {
  const to = text.lastIndexOf("@");
  if (to === -1) return text;
  const from = text.indexOf("//") + 2;
  if (from !== 1 && from <= to) return `${text.slice(0, from)}(hidden)${text.slice(to)}`;
  const before = text.slice(0, to);
  return before.includes(":") && !/[\s"'{}[\],]/.test(before) ? `(hidden)${text.slice(to)}` : text;
}
