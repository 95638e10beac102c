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
import { commandNamed, CONFIG_OPTIONS, parseWords } from "../kit/arguments.ts";
import { CONFIG_ROW, helpText, JSON_ROW } from "../kit/help-text.ts";

export const TOPICS_HELP = helpText({
  synopsis: "topics COMMAND [options]",
  about: "Lists, adds and removes the declarations of topics in etcd. Running hosts follow at once.",
  sections: [
    {
      title: "Commands",
      rows: [
        ["list", "show what the config file and etcd declare"],
        ["add TOPIC", "declare a topic in etcd, or replace its declaration there"],
        ["remove TOPIC", "remove its declaration from etcd"],
        ["kibana", "write data views and searches for the declared topics, for Kibana to import (NDJSON)"],
      ],
    },
    {
      title: "Options of add and remove",
      rows: [
        ["--pattern GLOB", "declare or remove a pattern of topics instead of TOPIC"],
        [
          "--key KEY",
          "the etcd key to change; default for add: the first exact key of etcd.keys, else <first prefix><topic>; for remove: the key that declares the topic",
        ],
      ],
    },
    {
      title: "Options of add",
      rows: [
        ["--path PATH", "log.file.path of the documents"],
        ["--index INDEX", "index name, may contain {topic} and {yyyy.MM.dd}; default: the topic"],
        ["--data-stream STREAM", "instead of an index: a data stream, may contain {topic}"],
        ["--retention TIME", "how long the data stream keeps documents, such as 30d"],
        ["--start-at WHERE", "earliest (default) or latest, if the group has no commit for the topic yet"],
        ["--format FORMAT", "text (default) or json"],
        [
          "--timestamp FIELD",
          "JSON field with the event's own time; repeated: the first readable one counts",
        ],
        ["--message FIELD", "JSON field with the log line"],
        ["--pipeline NAME", "an Elasticsearch ingest pipeline"],
        ["--rejected WAY", "a JSON record that the mapping refuses: flatten (default) or dead-letter"],
      ],
    },
    { title: "Options of kibana", rows: [["--out FILE", "default: standard output"]] },
  ],
  options: [CONFIG_ROW, JSON_ROW],
});

interface CommonOptions {
  /** Null: not given. */
  readonly config: string | null;
  readonly json: boolean;
}

export interface AddCommand extends CommonOptions {
  readonly kind: "add";
  readonly target: DeclarationTarget;
  /** The declaration to write to etcd. */
  readonly entry: Readonly<Record<string, string | readonly string[]>>;
  readonly key: string | null;
}

export interface RemoveCommand extends CommonOptions {
  readonly kind: "remove";
  readonly target: DeclarationTarget;
  readonly key: string | null;
}

export interface KibanaCommand extends CommonOptions {
  readonly kind: "kibana";
  /** Null: standard output. */
  readonly out: string | null;
}

export type TopicsCommand =
  | AddCommand
  | RemoveCommand
  | KibanaCommand
  | (CommonOptions & { readonly kind: "list" })
  | { readonly kind: "help" };

const TARGET = { pattern: { type: "string" }, key: { type: "string" } } as const;
const DECLARATION = {
  path: { type: "string" },
  index: { type: "string" },
  "data-stream": { type: "string" },
  retention: { type: "string" },
  "start-at": { type: "string" },
  format: { type: "string" },
  timestamp: { type: "string", multiple: true },
  message: { type: "string" },
  pipeline: { type: "string" },
  rejected: { type: "string" },
} as const;

/** @throws PenstockError `usage`, with one sentence that names the argument */
export function parseTopicsArguments(argv: readonly string[]): TopicsCommand {
  const [command, ...args] = argv;
  if (command === "help" || command === "--help" || command === "-h") return { kind: "help" };
  const parsers = { list: parseList, add: parseAdd, remove: parseRemove, kibana: parseKibana };
  return parsers[commandNamed(command, ["list", "add", "remove", "kibana"])](args);
}

function parseList(args: string[]): TopicsCommand {
  const { values } = parseWords({ args, options: CONFIG_OPTIONS });
  return values.help ? { kind: "help" } : { kind: "list", ...commonOf(values) };
}

function parseAdd(args: string[]): TopicsCommand {
  const known = { ...DECLARATION, ...TARGET, ...CONFIG_OPTIONS } as const;
  const { values, positionals } = parseWords({ args, options: known, allowPositionals: true });
  if (values.help) return { kind: "help" };
  const target = targetOf(positionals, values.pattern);
  checkName(target);
  const { path, index, "data-stream": dataStream, retention, "start-at": startAt, format } = values;
  const { timestamp = [], message, pipeline, rejected } = values;
  checkChoice("--start-at", startAt, ["earliest", "latest"]);
  checkChoice("--format", format, ["text", "json"]);
  checkChoice("--rejected", rejected, ["flatten", "dead-letter"]);
  const times = timestamp.length > 1 ? timestamp : timestamp[0];
  const options = {
    path,
    index,
    dataStream,
    retention,
    startAt,
    format,
    timestamp: times,
    message,
    pipeline,
    rejected,
  };
  // Defaults are not written: the reader of the declaration knows them.
  const given = Object.entries(options).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as const],
  );
  const entry = { [target.kind]: nameOf(target), ...Object.fromEntries(given) };
  return { kind: "add", target, entry, key: keyOf(values.key), ...commonOf(values) };
}

function parseRemove(args: string[]): TopicsCommand {
  const options = { ...TARGET, ...CONFIG_OPTIONS } as const;
  const { values, positionals } = parseWords({ args, options, allowPositionals: true });
  if (values.help) return { kind: "help" };
  const target = targetOf(positionals, values.pattern);
  return { kind: "remove", target, key: keyOf(values.key), ...commonOf(values) };
}

function parseKibana(args: string[]): TopicsCommand {
  const { values } = parseWords({ args, options: { out: { type: "string" }, ...CONFIG_OPTIONS } });
  if (values.help) return { kind: "help" };
  if (values.out === "") throw usage("--out needs a file name");
  return { kind: "kibana", out: values.out ?? null, ...commonOf(values) };
}

function commonOf(values: { config?: string | undefined; json: boolean }): CommonOptions {
  return { config: values.config ?? null, json: values.json };
}

function targetOf(positionals: readonly string[], pattern: string | undefined): DeclarationTarget {
  const [topic, ...rest] = positionals;
  if (rest.length > 0) throw usage(`one topic at a time: "${rest.join(" ")}" is too many`);
  if ((topic === undefined) === (pattern === undefined)) throw usage("give either a TOPIC or --pattern GLOB");
  return pattern === undefined ? { kind: "topic", topic: topic ?? "" } : { kind: "pattern", pattern };
}

/** Refuses names that a host refuses. Only for `add`: a bad one that was written by hand must be removable. */
function checkName(target: DeclarationTarget): void {
  const name = nameOf(target);
  const isGood = target.kind === "topic" ? topicNamePattern.test(name) : topicPatternPattern.test(name);
  if (!isGood)
    throw usage(`${showValue(name)} ${target.kind === "topic" ? topicNameRule : topicPatternRule}`);
}

function keyOf(key: string | undefined): string | null {
  if (key === "" || key?.endsWith("/")) throw usage(`--key is "${key}", a prefix: it must be a whole key`);
  return key ?? null;
}

function checkChoice(option: string, value: string | undefined, choices: readonly string[]): void {
  if (value === undefined || choices.includes(value)) return;
  throw usage(`${option} is "${value}": it must be ${choices.join(" or ")}`);
}

function usage(message: string): PenstockError {
  return new PenstockError("usage", message);
}
