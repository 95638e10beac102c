import type { DeclarationTarget } from "../../../lib/rules/model/declaration.ts";
import { showValue } from "../../../lib/rules/yaml/problem.ts";
import { nameOf } from "../../../lib/rules/declarations/edit.ts";
import { PenstockError } from "../../../lib/rules/base/errors.ts";
import {
  topicNamePattern,
  topicNameRule,
  topicPatternPattern,
  topicPatternRule,
} from "../../../lib/rules/model/names.ts";
import { commandNamed, parseWords } from "../kit/arguments.ts";

export const TOPICS_USAGE = `Usage: bun run topics <command> [options]

  list                    what the config file and etcd declare
  add TOPIC               declare a topic in etcd, or replace its declaration there
  remove TOPIC            take its declaration out of etcd
  kibana                  data views and searches of what is declared, for Kibana to import (NDJSON)

A pattern of topics: --pattern GLOB in place of TOPIC.

Options of add
  --path PATH             log.file.path of the documents
  --index INDEX           index name, may hold {topic} and {yyyy.MM.dd}; default: the topic
  --start-at WHERE        earliest (default) or latest, where the group has no commit yet
  --format FORMAT         text (default) or json
  --timestamp FIELD       the JSON field that holds the event's own time; of several the first that can be read
  --pipeline NAME         an Elasticsearch ingest pipeline
  --message FIELD         the JSON field that holds the line
  --rejected WAY          flatten (default) or dead-letter: a JSON record that the mapping refuses

Options of kibana
  --out FILE              default: standard output

Options of all
  --key KEY               the etcd key to change; default for add: the first exact key of etcd.keys,
                          else <first prefix><topic>; for remove: the key that declares it
  --config FILE           default: PENSTOCK_CONFIG, else config.yaml
  --json                  machine-readable output
  --help                  prints this

Exit codes: 0 done, 1 failed, 2 wrong usage, 78 bad config, 128 + signal where one ended it.
`;

interface CommonOptions {
  /** Null: not said. */
  readonly config: string | null;
  readonly json: boolean;
}

export interface AddCommand extends CommonOptions {
  readonly kind: "add";
  readonly target: DeclarationTarget;
  /** The declaration as it shall stand in etcd. */
  readonly entry: Readonly<Record<string, string | readonly string[]>>;
  readonly key: string | null;
}

export interface RemoveCommand extends CommonOptions {
  readonly kind: "remove";
  readonly target: DeclarationTarget;
  readonly key: string | null;
}

export interface ListCommand extends CommonOptions {
  readonly kind: "list";
}

export interface KibanaCommand extends CommonOptions {
  readonly kind: "kibana";
  /** Where to; null: standard output. */
  readonly out: string | null;
}

export type TopicsCommand =
  | AddCommand
  | RemoveCommand
  | ListCommand
  | KibanaCommand
  | { readonly kind: "help" };

const COMMON = {
  config: { type: "string" },
  json: { type: "boolean", default: false },
  help: { type: "boolean", short: "h", default: false },
} as const;
const TARGET = { pattern: { type: "string" }, key: { type: "string" } } as const;
const DECLARATION = {
  path: { type: "string" },
  index: { type: "string" },
  "start-at": { type: "string" },
  format: { type: "string" },
  timestamp: { type: "string", multiple: true },
  message: { type: "string" },
  pipeline: { type: "string" },
  rejected: { type: "string" },
} as const;

/** @throws PenstockError `usage`, with one sentence that names the argument. */
export function parseTopicsArguments(argv: readonly string[]): TopicsCommand {
  const [command, ...args] = argv;
  if (command === "help" || command === "--help" || command === "-h") return { kind: "help" };
  const parsers = { list: parseList, add: parseAdd, remove: parseRemove, kibana: parseKibana };
  return parsers[commandNamed(command, ["list", "add", "remove", "kibana"])](args);
}

function parseList(args: string[]): TopicsCommand {
  const { values } = parseWords({ args, options: COMMON });
  return values.help ? { kind: "help" } : { kind: "list", ...commonOf(values) };
}

function parseAdd(args: string[]): TopicsCommand {
  const known = { ...COMMON, ...TARGET, ...DECLARATION } as const;
  const { values, positionals } = parseWords({ args, options: known, allowPositionals: true });
  if (values.help) return { kind: "help" };
  const target = targetOf(positionals, values.pattern);
  checkName(target);
  const { path, index, "start-at": startAt, format, timestamp, message, pipeline, rejected } = values;
  checkChoice("--start-at", startAt, ["earliest", "latest"]);
  checkChoice("--format", format, ["text", "json"]);
  checkChoice("--rejected", rejected, ["flatten", "dead-letter"]);
  const name = target.kind === "topic" ? { topic: target.topic } : { pattern: target.pattern };
  const [field, ...more] = timestamp ?? [];
  const options = { path, index, startAt, format, timestamp: more.length > 0 ? timestamp : field };
  const entry = saidOf({ ...name, ...options, message, pipeline, rejected });
  return { kind: "add", target, entry, key: keyOf(values.key), ...commonOf(values) };
}

function parseRemove(args: string[]): TopicsCommand {
  const options = { ...COMMON, ...TARGET } as const;
  const { values, positionals } = parseWords({ args, options, allowPositionals: true });
  if (values.help) return { kind: "help" };
  const target = targetOf(positionals, values.pattern);
  return { kind: "remove", target, key: keyOf(values.key), ...commonOf(values) };
}

function parseKibana(args: string[]): TopicsCommand {
  const { values } = parseWords({ args, options: { ...COMMON, out: { type: "string" } } });
  if (values.help) return { kind: "help" };
  if (values.out === "") throw usage("--out wants a file");
  return { kind: "kibana", out: values.out ?? null, ...commonOf(values) };
}

function commonOf(values: { config?: string | undefined; json: boolean }): CommonOptions {
  return { config: values.config ?? null, json: values.json };
}

function targetOf(positionals: readonly string[], pattern: string | undefined): DeclarationTarget {
  const [topic, ...rest] = positionals;
  if (rest.length > 0) throw usage(`one topic at a time; "${rest.join(" ")}" is too much`);
  if ((topic === undefined) === (pattern === undefined))
    throw usage("give a TOPIC or --pattern GLOB, one of the two");
  return pattern === undefined ? { kind: "topic", topic: topic ?? "" } : { kind: "pattern", pattern };
}

/** What hosts refuse by its name alone. One that somebody wrote by hand may still be removed. */
function checkName(target: DeclarationTarget): void {
  const name = nameOf(target);
  const isGood = target.kind === "topic" ? topicNamePattern.test(name) : topicPatternPattern.test(name);
  if (!isGood)
    throw usage(`${showValue(name)} ${target.kind === "topic" ? topicNameRule : topicPatternRule}`);
}

function keyOf(key: string | undefined): string | null {
  if (key === "" || key?.endsWith("/")) throw usage(`--key wants a whole key; "${key}" is a prefix`);
  return key ?? null;
}

function checkChoice(option: string, value: string | undefined, choices: readonly string[]): void {
  if (value === undefined || choices.includes(value)) return;
  throw usage(`${option} is ${choices.join(" or ")}, not "${value}"`);
}

/** Only what was said: defaults are the reader's business. */
function saidOf(
  fields: Readonly<Record<string, string | readonly string[] | undefined>>,
): Record<string, string | readonly string[]> {
  const said: Record<string, string | readonly string[]> = {};
  for (const [name, value] of Object.entries(fields)) if (value !== undefined) said[name] = value;
  return said;
}

function usage(message: string): PenstockError {
  return new PenstockError("usage", message);
}
